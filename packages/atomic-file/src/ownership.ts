import type { Stats } from 'node:fs'
import { errorCode } from './errors.js'
import type { OpenFile } from './file-system.js'

const SET_USER_ID = 0o4000
const SET_GROUP_ID = 0o2000

/**
 * Gives a new file the owner, group and mode of the one it is going to replace, as far as this process may. What cannot be kept never widens
 * access: without the owner the set-user-id bit goes, without the group its members get no more than everybody else.
 */
export async function takeOwnership(handle: OpenFile, existing: Stats, exactMode: number | undefined): Promise<void> {
  const created = await handle.stat()
  let mode = existing.mode & 0o7777
  if (process.platform !== 'win32' && (created.uid !== existing.uid || created.gid !== existing.gid)) {
    // Only root may give a file away; a member of the file's group can still keep the group.
    if (!(await tryChown(handle, existing.uid, existing.gid))) {
      if (created.uid !== existing.uid) mode &= ~SET_USER_ID
      const groupKept = created.gid === existing.gid || (await tryChown(handle, created.uid, existing.gid))
      if (!groupKept) mode &= ~(SET_GROUP_ID | (0o070 & ~((mode & 0o007) << 3)))
    }
  } else if ((created.mode & 0o7777) === (exactMode ?? mode)) return
  await handle.chmod(exactMode ?? mode)
}

async function tryChown(handle: OpenFile, uid: number, gid: number): Promise<boolean> {
  try {
    await handle.chown(uid, gid)
    return true
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error
    return false
  }
}
