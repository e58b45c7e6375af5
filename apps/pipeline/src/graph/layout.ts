import type { Phase } from '../pipeline.js'

export interface PlacedPhase {
  readonly phase: Phase
  readonly x: number
  readonly y: number
}

export interface Arrow {
  readonly from: string
  readonly to: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly phases: readonly PlacedPhase[]
  readonly arrows: readonly Arrow[]
}

export const BOX = { width: 190, height: 54 } as const
const GAP = { x: 40, y: 46 } as const
const MARGIN = 20

interface Cell {
  readonly phase: Phase | undefined
  readonly id: string
}

/**
 * Phases in layers from top to bottom, each below all that it needs. An arrow over several layers keeps a place of its own in each, so that it passes
 * through no box; within a layer the order follows the average place of what is above.
 */
export function layOut(phases: readonly Phase[]): Layout {
  const layerOf = new Map<string, number>()
  for (const { id, needs } of phases) {
    layerOf.set(id, Math.max(-1, ...needs.map((need) => layerOf.get(need) ?? -1)) + 1)
  }
  const layers: Cell[][] = Array.from({ length: Math.max(0, ...layerOf.values()) + 1 }, () => [])
  for (const phase of phases) layers[layerOf.get(phase.id) ?? 0]?.push({ phase, id: phase.id })
  const links = phases.flatMap(({ id, needs }) => needs.map((need) => chain(need, id, layerOf)))
  for (const { ids, layer } of links) {
    for (const [index, id] of ids.slice(1, -1).entries()) layers[layer + 1 + index]?.push({ phase: undefined, id })
  }
  orderLayers(layers, links)
  const widest = Math.max(1, ...layers.map(({ length }) => length))
  const width = widest * BOX.width + (widest - 1) * GAP.x + 2 * MARGIN
  const placed = new Map<string, { readonly x: number; readonly y: number; readonly phase: Phase | undefined }>()
  for (const [row, layer] of layers.entries()) {
    const own = layer.length * BOX.width + (layer.length - 1) * GAP.x
    for (const [column, { id, phase }] of layer.entries()) {
      const x = (width - own) / 2 + column * (BOX.width + GAP.x)
      placed.set(id, { x, y: MARGIN + row * (BOX.height + GAP.y), phase })
    }
  }
  const arrows = links.map(({ ids, from, to }) => ({ from, to, points: pointsOf(ids, placed) }))
  const boxes = [...placed.values()].flatMap(({ x, y, phase }) => (phase === undefined ? [] : [{ x, y, phase }]))
  return { width, height: layers.length * (BOX.height + GAP.y) - GAP.y + 2 * MARGIN, phases: boxes, arrows }
}

interface Link {
  readonly from: string
  readonly to: string
  /** The first layer. */
  readonly layer: number
  readonly ids: readonly string[]
}

/** The cells that an arrow passes, one in each layer. */
function chain(from: string, to: string, layerOf: ReadonlyMap<string, number>): Link {
  const [first, last] = [layerOf.get(from) ?? 0, layerOf.get(to) ?? 0]
  const between = Array.from({ length: last - first - 1 }, (_, index) => `${from}>${to}>${index}`)
  return { from, to, layer: first, ids: [from, ...between, to] }
}

function orderLayers(layers: Cell[][], links: readonly Link[]): void {
  const above = new Map<string, string[]>()
  for (const { ids } of links) {
    for (const [index, id] of ids.entries())
      if (index > 0) above.set(id, [...(above.get(id) ?? []), ids[index - 1] ?? ''])
  }
  for (const [row, layer] of layers.entries()) {
    const places = new Map(layers[row - 1]?.map(({ id }, place) => [id, place]))
    const weights = new Map(
      layer.map(({ id }, place) => [
        id,
        average(
          above.get(id)?.map((up) => places.get(up) ?? 0),
          place,
        ),
      ]),
    )
    layer.sort((one, other) => (weights.get(one.id) ?? 0) - (weights.get(other.id) ?? 0))
  }
}

function average(numbers: readonly number[] | undefined, otherwise: number): number {
  if (numbers === undefined || numbers.length === 0) return otherwise
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

function pointsOf(
  ids: readonly string[],
  placed: ReadonlyMap<string, { readonly x: number; readonly y: number }>,
): [number, number][] {
  return ids.flatMap((id, index): [number, number][] => {
    const { x = 0, y = 0 } = placed.get(id) ?? {}
    const middle = x + BOX.width / 2
    if (index === 0) return [[middle, y + BOX.height]]
    if (index === ids.length - 1) return [[middle, y]]
    return [
      [middle, y],
      [middle, y + BOX.height],
    ]
  })
}
