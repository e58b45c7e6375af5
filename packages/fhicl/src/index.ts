export { convertBoot } from './convert/boot.js'
export { convertEnvironment } from './convert/environment.js'
export type { ConverterName, GenerateName } from './convert/generate-names.js'
export { converterNames, generateNames, parseGenerateNames } from './convert/generate-names.js'
export { convertKnownBoardreadersList } from './convert/known-boardreaders-list.js'
export { convertMetadata } from './convert/metadata.js'
export { convertRanks } from './convert/ranks.js'
export { configurationNameOf, convertRunHistory, convertRunHistory2 } from './convert/run-history.js'
export type {
  ConversionTargets,
  ConvertedRunRecord,
  ConvertRunRecordOptions,
  FileContent,
} from './convert/run-record.js'
export { conversionTargets, convertRunRecord, readRunRecordFile } from './convert/run-record.js'
export { decodeRunRecordText } from './convert/run-record-text.js'
export { convertSettings } from './convert/settings.js'
export { convertSetup } from './convert/setup.js'
export type { JsonArray, JsonMember, JsonObject, JsonValue } from './database-json.js'
export { getMember, getPath, isJsonArray, isJsonObject, jsonObject, maxJsonDepth, withMember } from './database-json.js'
export type { DocumentFromJsonOptions } from './document-from-json.js'
export { documentFromJson } from './document-from-json.js'
export type { DatabaseParts } from './document-to-json.js'
export { documentToJson } from './document-to-json.js'
export type { RunRecordErrorDetails, SyntaxErrorDetails } from './errors.js'
export { DatabaseJsonError, FhiclDocumentError, FhiclSyntaxError, RunRecordError } from './errors.js'
export { exportStoredDocument } from './export-stored-document.js'
export type {
  FhiclComment,
  FhiclDocument,
  FhiclEntry,
  FhiclNode,
  FhiclProtection,
  FhiclScalar,
  FhiclScalarKind,
  FhiclSequence,
  FhiclTable,
} from './fhicl-document.js'
export { isInclude, maxFhiclDepth } from './fhicl-document.js'
export type { ReadFhiclOptions } from './fhicl-reader.js'
export { readFhicl } from './fhicl-reader.js'
export { writeFhicl } from './fhicl-writer.js'
export type { ParseDatabaseJsonOptions } from './json-reader.js'
export { parseDatabaseJson } from './json-reader.js'
export { stringifyDatabaseJson } from './json-writer.js'
export { stringifyStoredDocument } from './stored-document-writer.js'
