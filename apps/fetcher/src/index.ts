export { findConfigs, loadConfig } from './config/load-config.js'
