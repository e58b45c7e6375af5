import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BOX, layOut } from '../../src/graph/layout.js'
import { renderSvg } from '../../src/graph/render-svg.js'
import { checkPipeline, type Pipeline } from '../../src/index.js'

/** Pipelines in which each phase needs some of those before it. */
const pipelines = fc
  .array(fc.record({ name: fc.string({ minLength: 1, unit: 'binary' }), needs: fc.array(fc.nat()) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map(
    (phases): Pipeline =>
      checkPipeline(
        {
          name: 'any',
          phases: phases.map(({ name, needs }, index) => ({
            id: `phase${index}`,
            name,
            command: ['true'],
            needs: index === 0 ? [] : [...new Set(needs.map((need) => `phase${need % index}`))],
          })),
        },
        'test',
        '/',
      ),
  )

describe('layOut()', () => {
  test('puts each phase below all it needs, no two boxes over each other, and no arrow through a box', () => {
    fc.assert(
      fc.property(pipelines, ({ phases }) => {
        const { phases: boxes, arrows, width, height } = layOut(phases)
        expect(boxes).toHaveLength(phases.length)
        const placed = new Map(boxes.map((box) => [box.phase.id, box]))
        for (const { x, y, phase } of boxes) {
          expect(x >= 0 && x + BOX.width <= width && y >= 0 && y + BOX.height <= height).toBe(true)
          for (const need of phase.needs) expect(placed.get(need)?.y).toBeLessThan(y)
          for (const other of boxes) {
            if (other.phase.id !== phase.id && other.y === y) expect(Math.abs(other.x - x)).toBeGreaterThan(BOX.width)
          }
          for (const { points, from, to } of arrows) {
            if (from === phase.id || to === phase.id) continue
            // Arrows pass a layer straight down, in a place of their own.
            for (const [px, py] of points) {
              expect(px > x && px < x + BOX.width && py > y && py < y + BOX.height).toBe(false)
              if (py === y) expect(Math.abs(px - (x + BOX.width / 2))).toBeGreaterThan(BOX.width / 2)
            }
          }
        }
      }),
    )
  })
})

describe('renderSvg()', () => {
  test('has no character that XML cannot hold, and escapes the rest', () => {
    fc.assert(
      fc.property(pipelines, (pipeline) => {
        const svg = renderSvg(pipeline)
        expect(svg.isWellFormed()).toBe(true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
        expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
        const texts = [...svg.matchAll(/<(?:text|title)[^>]*>([\s\S]*?)<\/(?:text|title)>/g)]
        expect(texts).toHaveLength(1 + 3 * pipeline.phases.length)
        for (const [, text = ''] of texts) expect(text).not.toMatch(/[<>"]|&(?!(?:amp|lt|gt|quot);)/)
      }),
    )
  })
})
