import * as fhicl from '@holdfast/fhicl'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(fhicl).sort()).toMatchInlineSnapshot(`
    [
      "DatabaseJsonError",
      "FhiclDocumentError",
      "FhiclSyntaxError",
      "RunRecordError",
      "configurationNameOf",
      "conversionTargets",
      "convertBoot",
      "convertEnvironment",
      "convertKnownBoardreadersList",
      "convertMetadata",
      "convertRanks",
      "convertRunHistory",
      "convertRunHistory2",
      "convertRunRecord",
      "convertSettings",
      "convertSetup",
      "converterNames",
      "decodeRunRecordText",
      "documentFromJson",
      "documentToJson",
      "exportStoredDocument",
      "generateNames",
      "getMember",
      "getPath",
      "isInclude",
      "isJsonArray",
      "isJsonObject",
      "jsonObject",
      "maxFhiclDepth",
      "maxJsonDepth",
      "parseDatabaseJson",
      "parseGenerateNames",
      "readFhicl",
      "readRunRecordFile",
      "stringifyDatabaseJson",
      "stringifyStoredDocument",
      "withMember",
      "writeFhicl",
    ]
  `)
})
