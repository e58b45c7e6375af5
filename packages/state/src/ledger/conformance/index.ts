export { type ConformanceCheck, type LedgerHarness, ledgerConformanceChecks } from './suite.js'
