import type { Phase, Pipeline } from '../pipeline.js'
import { BOX, layOut } from './layout.js'

/** A picture of the phases and what they need; stands alone, with nothing to load. */
export function renderSvg({ name, phases }: Pick<Pipeline, 'name' | 'phases'>): string {
  const { width, height, phases: boxes, arrows } = layOut(phases)
  const lines = arrows.map(({ points }) => {
    const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join(' ')
    return `  <path class="arrow" d="${path}" marker-end="url(#head)"/>`
  })
  const texts = boxes.map(({ phase, x, y }) =>
    [
      `  <g transform="translate(${x} ${y})">`,
      `    <title>${escapeXml(describe(phase))}</title>`,
      `    <rect class="box${phase.optional ? ' optional' : ''}" width="${BOX.width}" height="${BOX.height}" rx="8"/>`,
      ...(phase.items === undefined
        ? []
        : [`    <rect class="box" x="4" y="4" width="${BOX.width - 8}" height="${BOX.height - 8}" rx="5"/>`]),
      `    <text x="${BOX.width / 2}" y="23">${escapeXml(shorten(phase.name))}</text>`,
      `    <text class="id" x="${BOX.width / 2}" y="41">${escapeXml(shorten(labelOf(phase)))}</text>`,
      '  </g>',
    ].join('\n'),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `  <title>${escapeXml(name)}</title>`,
    `  <style>${STYLE}</style>`,
    `  <defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z" fill="#5b6472"/></marker></defs>`,
    '  <rect width="100%" height="100%" fill="#ffffff"/>',
    ...lines,
    ...texts,
    '</svg>',
    '',
  ].join('\n')
}

const STYLE =
  '.box{fill:#eef3fb;stroke:#3b5b92;stroke-width:1.5}.optional{stroke-dasharray:5 4}.arrow{fill:none;stroke:#5b6472;stroke-width:1.5}' +
  'text{font:14px system-ui,sans-serif;text-anchor:middle;fill:#1c2430}.id{font-size:11px;fill:#5b6472}'

function describe({ id, name, items, optional }: Phase): string {
  return [`${id}: ${name}`, items === undefined ? '' : `for each of ${items.from}`, optional ? 'optional' : '']
    .filter(Boolean)
    .join(', ')
}

/** What is told of a phase below its name. */
export function labelOf({ id, items, optional }: Phase): string {
  return [id, items === undefined ? '' : 'items', optional ? 'optional' : ''].filter(Boolean).join(', ')
}

function shorten(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`
}

const MAX_LENGTH = 26

/** What XML cannot hold at all is left out. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(FORBIDDEN, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
