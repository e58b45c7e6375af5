export { serveStorage } from './serve-storage.js'
export {
  type ConformanceCheck,
  type StorageHarness,
  type StorageHook,
  storageConformanceChecks,
} from './suite.js'
