/** What a reader of the page would run into, found in the page itself: an expression whose value is a list of complaints. */
export const FIND_PROBLEMS = `(() => {
  const problems = []
  const all = [...document.querySelectorAll('*')]
  if (document.documentElement.scrollWidth > innerWidth) problems.push('wider than the window: ' + document.documentElement.scrollWidth)
  if (document.documentElement.lang === '') problems.push('no language')
  const ids = all.map((element) => element.id).filter(Boolean)
  if (new Set(ids).size !== ids.length) problems.push('an id is there twice')
  for (const label of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(label.getAttribute('aria-labelledby'))) problems.push('named by nothing')
  for (const link of document.links) {
    if (!link.getAttribute('href').startsWith('#')) problems.push('leads elsewhere: ' + link.href)
    else if (!document.getElementById(link.hash.slice(1))) problems.push('leads nowhere: ' + link.hash)
  }
  for (const element of all) for (const { name } of element.attributes) if (name.startsWith('on') || ['style', 'src', 'srcset', 'xlink:href'].includes(name)) problems.push('attribute ' + name)
  const allowed = 'HTML HEAD META TITLE STYLE BODY HEADER NAV MAIN FOOTER SECTION H1 H2 H3 P DL DT DD DIV TABLE CAPTION THEAD TBODY TR TH TD UL LI DETAILS SUMMARY A CODE SPAN SMALL STRONG TIME FIGURE FIGCAPTION svg g rect line text title'.split(' ')
  for (const { tagName } of all) if (!allowed.includes(tagName)) problems.push('element ' + tagName)
  let level = 0
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName.slice(1))
    if (next > level + 1) problems.push('a heading is left out before: ' + heading.textContent)
    level = next
  }
  for (const cell of document.querySelectorAll('th')) if (!cell.scope) problems.push('a heading of a table without scope')
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption) problems.push('a table without caption')
    const region = table.closest('.scroll')
    if (!region || region.tabIndex !== 0 || !region.ariaLabel) problems.push('a table that the keyboard cannot scroll')
  }
  for (const svg of document.querySelectorAll('svg')) {
    if (svg.closest('[aria-hidden=true]') === null && !(svg.role === 'img' && svg.ariaLabel)) problems.push('a drawing without a text')
    const frame = svg.getBoundingClientRect()
    if (frame.width === 0) continue
    for (const part of svg.querySelectorAll('rect, text')) {
      const box = part.getBoundingClientRect()
      if (box.width === 0 && box.height === 0) continue
      if (box.left < frame.left - 1.5 || box.top < frame.top - 1.5 || box.right > frame.right + 1.5 || box.bottom > frame.bottom + 1.5) problems.push('outside of the drawing: ' + part.outerHTML)
    }
  }
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true })
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data] }
  const luminance = ([r, g, b]) => [r, g, b].map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
  const paperOf = (element) => { for (let at = element; at; at = at.parentElement) { const color = rgb(getComputedStyle(at).backgroundColor); if (color[3] === 255) return color } return rgb('Canvas') }
  const contrast = (one, other) => { const [a, b] = [luminance(one), luminance(other)]; return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) }
  const told = new Set()
  for (const element of all) {
    const style = getComputedStyle(element)
    const mark = element.matches('rect.whole, rect.failed, rect.late, rect.waiting, rect.unused')
    const text = !element.closest('head') && element.tagName !== 'title' && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
    if (!mark && !text) continue
    const parents = []
    for (let at = element; at && parents.length < 3; at = at.parentElement) parents.push(at.tagName + '.' + (at.getAttribute('class') ?? ''))
    const name = parents.join(' < ')
    if (told.has(name)) continue
    told.add(name)
    const found = contrast(rgb(element instanceof SVGElement ? style.fill : style.color), paperOf(element))
    if (found < (mark ? 3 : 4.5)) problems.push('contrast ' + found.toFixed(2) + ' of ' + name)
  }
  return problems
})()`
