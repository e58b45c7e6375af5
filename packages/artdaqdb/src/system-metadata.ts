import os from 'node:os'
import { makeDirectory, writeFileAtomic } from '@holdfast/atomic-file'
import { type DatabaseFiles, folderExists, listFolder } from './database-files.js'
import { documentId } from './rebuild.js'

export interface SystemMetadataFields {
  readonly oid: string
  readonly uri: string
  readonly createTime: string
}

/** Writes the record that tells who made the database, when there is none yet. */
export async function ensureSystemMetadata(files: DatabaseFiles, fields: SystemMetadataFields): Promise<void> {
  if (await folderExists(files.metadata)) {
    const names = await listFolder(files.metadata)
    // Only a crash between making the folder and the record, or a query of the original tools, leaves it without one.
    if (names.some((name) => documentId(name) !== undefined)) return
  }
  await makeDirectory(files.metadata)
  const path = `${files.metadata}/${fields.oid}.json`
  await writeFileAtomic(path, systemMetadataText(fields), { overwrite: false, tempDirectory: files.root })
}

function systemMetadataText({ oid, uri, createTime }: SystemMetadataFields): string {
  const document = JSON.stringify({
    name: 'artdaq',
    uri,
    locale: 'en_US.UTF-8',
    create_time: createTime,
    create_user: process.env['USER'] ?? '',
    uname: {
      sysname: os.type(),
      nodename: os.hostname(),
      release: os.release(),
      version: os.version(),
      machine: os.machine(),
    },
    database_format: 3,
  })
  return `{"document":${document},"_id": { "$oid":"${oid}"}}`
}
