import type { StoreCheck } from './suite.js'

export const queueChecks: readonly StoreCheck[] = []
