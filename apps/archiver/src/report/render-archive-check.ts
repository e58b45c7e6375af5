import type { ArchiveCheck } from '@holdfast/ucondb'

export function renderArchiveCheck({
  location,
  usable,
  folderExists,
  problems,
}: ArchiveCheck & { readonly location: string }): string {
  const folder = folderExists ? 'the folder is there' : 'the folder is made by the first run'
  return [
    `${location}: ${usable ? `can be used, ${folder}` : 'cannot be used'}`,
    ...problems.map(({ message, hint }) => `  ${message}; ${hint}`),
    '',
  ].join('\n')
}
