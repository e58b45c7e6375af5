import { listArtifacts } from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'

const none = { name: undefined, sha256: undefined, bytes: undefined }

test.each<{ artifacts: unknown; found: object[] }>([
  { artifacts: undefined, found: [] },
  { artifacts: null, found: [] },
  { artifacts: {}, found: [] },
  {
    artifacts: ['a.mp3', 'b.mp3'],
    found: [
      { ...none, path: 'a.mp3' },
      { ...none, path: 'b.mp3' },
    ],
  },
  {
    artifacts: { text: { path: 'a.txt', sha256: 'AB12', bytes: 3 } },
    found: [{ name: 'text', path: 'a.txt', sha256: 'ab12', bytes: 3 }],
  },
  {
    artifacts: { audio: [{ path: '1.wav' }, { path: '2.wav' }] },
    found: [
      { ...none, name: 'audio', path: '1.wav' },
      { ...none, name: 'audio', path: '2.wav' },
    ],
  },
  { artifacts: [{ path: 'a.txt', sha256: 5, bytes: '3' }], found: [{ ...none, path: 'a.txt' }] },
  { artifacts: { file_type: 'txt', sha256: '9b1d', hashes: ['9b1d'], duplicate: false }, found: [] },
  { artifacts: { other: { sha256: 'ab' } }, found: [] },
])('listArtifacts() finds in $artifacts: $found', ({ artifacts, found }) => {
  expect(listArtifacts({ artifacts })).toEqual(found)
})
