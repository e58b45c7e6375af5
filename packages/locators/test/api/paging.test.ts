import { cursorPaging, linkPaging, offsetPaging, type PageResponse } from '@holdfast/locators'
import { expect, test } from 'vitest'

function response(json: unknown, headers: Readonly<Record<string, string>> = {}): PageResponse {
  return { json, header: (name) => headers[name.toLowerCase()] }
}

test('a cursor is put in without touching how the other parameters are written', () => {
  const paging = cursorPaging({ parameter: 'cur seur', first: '*', next: '$.next' })
  const first = paging.first(new URL('https://a.example/?q=a%20AND+b%3Ac&cur+seur=old&n=%C3%A9'))
  expect(first.url.search).toBe('?q=a%20AND+b%3Ac&n=%C3%A9&cur%20seur=*')
  const next = paging.next(first, response({ next: 'x/y+z==' }))
  expect(next?.url.search).toBe('?q=a%20AND+b%3Ac&n=%C3%A9&cur%20seur=x%2Fy%2Bz%3D%3D')
  expect(next?.url.searchParams.get('cur seur')).toBe('x/y+z==')
})

test.each([
  ['absent', {}],
  ['null', { next: null }],
  ['empty', { next: '' }],
  ['the one that was sent', { next: '*' }],
  ['no text', { next: {} }],
])('a cursor that is %s ends the walk', (_, json) => {
  const paging = cursorPaging({ parameter: 'c', first: '*', next: '$.next' })
  expect(paging.next(paging.first(new URL('https://a.example/')), response(json))).toBeUndefined()
})

test('a cursor may be a number, of a function, or of a header', () => {
  const url = new URL('https://a.example/')
  const nextBy = (options: Omit<Parameters<typeof cursorPaging>[0], 'parameter'>): string | undefined => {
    const paging = cursorPaging({ parameter: 'c', ...options })
    return paging.next(paging.first(url), response({ a: [7] }, { 'x-next': 'h' }))?.token
  }
  expect([
    nextBy({ next: '$.a[0]' }),
    nextBy({ next: ({ json }) => JSON.stringify(json) }),
    nextBy({ header: 'X-Next' }),
  ]).toEqual(['7', '{"a":[7]}', 'h'])
  expect(() => nextBy({})).toThrow(TypeError)
  expect(() => nextBy({ next: 'a' })).toThrow(SyntaxError)
})

test('offsets go by what came, until the total is reached, also when a page is shorter than asked for', () => {
  const paging = offsetPaging({ items: '$.rows', total: '$.total', size: 3 })
  const first = paging.first(new URL('https://a.example/'))
  const second = paging.next(first, response({ rows: [1, 2], total: 4 }))
  expect(second?.token).toBe('2')
  expect(second && paging.next(second, response({ rows: [3, 4], total: 4 }))).toBeUndefined()
  expect(second && paging.next(second, response({ rows: [], total: 9 }))).toBeUndefined()
})

test.each([
  ['<https://a.example/?page=2>; rel="next"', 'https://a.example/?page=2'],
  ['</?page=1>; rel=prev, </?page=3>; rel=next', 'https://a.example/?page=3'],
  ['</?a=1,2>; title="x, y"; rel="last next"', 'https://a.example/?a=1,2'],
  ['</?page=9>; rel="last"', undefined],
  ['</?page=9>; rel="nextish"', undefined],
  ['', undefined],
])('a Link header %s', (link, expected) => {
  const paging = linkPaging()
  const next = paging.next(paging.first(new URL('https://a.example/')), response({}, { link }))
  expect(next?.url.href).toBe(expected)
})
