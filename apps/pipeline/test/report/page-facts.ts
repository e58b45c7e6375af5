/** What a reader of a page would run into, found in the page itself: an expression whose value is a list of complaints. */
export const FIND_PROBLEMS = `(() => {
  const problems = []
  const all = [...document.querySelectorAll('*')]
  if (document.documentElement.scrollWidth > innerWidth) problems.push('wider than the window: ' + document.documentElement.scrollWidth)
  const ids = all.map((element) => element.id).filter(Boolean)
  if (new Set(ids).size !== ids.length) problems.push('an id is there twice')
  for (const link of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) problems.push('leads nowhere: ' + link.hash)
  for (const link of document.links) if (link.protocol !== location.protocol) problems.push('leads elsewhere: ' + link.href)
  for (const element of all) for (const { name } of element.attributes) if (name.startsWith('on') || name === 'style') problems.push('attribute ' + name)
  const allowed = 'HTML HEAD META TITLE STYLE BODY HEADER MAIN FOOTER SECTION ARTICLE H1 H2 H3 H4 P DL DT DD DIV TABLE CAPTION THEAD TBODY TR TH TD UL LI DETAILS SUMMARY A CODE PRE SPAN TIME svg g rect line text title'.split(' ')
  for (const { tagName } of all) if (!allowed.includes(tagName)) problems.push('element ' + tagName)
  let level = 0
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName.slice(1))
    if (next > level + 1) problems.push('a heading is left out before: ' + heading.textContent)
    level = next
  }
  for (const cell of document.querySelectorAll('th')) if (!cell.scope) problems.push('a heading of a table without scope')
  for (const table of document.querySelectorAll('table')) if (!table.caption) problems.push('a table without caption')
  for (const svg of document.querySelectorAll('svg')) {
    const { width, height } = svg.viewBox.baseVal
    for (const part of svg.querySelectorAll('rect, text')) {
      const box = part.getBBox()
      if (box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height) problems.push('outside of the drawing: ' + part.textContent)
    }
  }
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true })
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data] }
  const luminance = ([r, g, b]) => [r, g, b].map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
  const paperOf = (element) => { for (let at = element; at; at = at.parentElement) { const color = rgb(getComputedStyle(at).backgroundColor); if (color[3] === 255) return color } return [255, 255, 255] }
  const told = new Set()
  for (const element of all) {
    if (element.closest('head') || ![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '') || element.tagName === 'title') continue
    const style = getComputedStyle(element)
    const [ink, paper] = [rgb(element instanceof SVGElement ? style.fill : style.color), paperOf(element)].map(luminance)
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)
    const name = element.tagName + '.' + element.getAttribute('class')
    if (contrast < 4.5 && !told.has(name)) problems.push('contrast ' + contrast.toFixed(2) + ' of ' + name)
    told.add(name)
  }
  return problems
})()`
