import * as locators from '@holdfast/locators'
import { expect, test } from 'vitest'

test('@holdfast/locators exports', () => {
  expect(Object.keys(locators).sort()).toMatchInlineSnapshot(`
    [
      "ApiLocator",
      "HttpAuthError",
      "HttpBodyError",
      "HttpClient",
      "HttpConnectionError",
      "HttpRedirectError",
      "HttpStatusError",
      "HttpTimeoutError",
      "HttpTooLargeError",
      "NarrowingError",
      "PageFormatError",
      "PagingLoopError",
      "RateLimit",
      "SftpAuthError",
      "SftpConnectionError",
      "SftpFileChangedError",
      "SftpHostKeyError",
      "SftpLocator",
      "SftpPathError",
      "SftpPool",
      "basicAuth",
      "conditionalHeaders",
      "createApiLocator",
      "createHttpClient",
      "createRateLimit",
      "createSftpLocator",
      "createSftpPool",
      "cursorPaging",
      "dateInName",
      "downloadFile",
      "headerAuth",
      "isRetryable",
      "keepLease",
      "linkPaging",
      "localName",
      "noAuth",
      "oauthClientCredentials",
      "offsetPaging",
      "pageNumberPaging",
    ]
  `)
})
