export {
  type ApiLeasedRequest,
  ApiLocator,
  type ApiLocatorDeps,
  type ApiLocatorOptions,
  type ApiSuccess,
  createApiLocator,
} from './api/api-locator.js'
export type { ApiRequest, PagePosition, RequestSpec } from './api/api-request.js'
export type { WindowOptions } from './api/date-walk.js'
export type { DateWindow } from './api/day-ranges.js'
export type { NarrowingOptions } from './api/narrowing.js'
export {
  type CursorPagingOptions,
  cursorPaging,
  linkPaging,
  type NextPage,
  type NumberPagingOptions,
  offsetPaging,
  type PageResponse,
  type Paging,
  pageNumberPaging,
  type Selector,
} from './api/paging.js'
export type { PageFacts, ReceivedPage } from './api/read-page.js'
export { conditionalHeaders, type Validators } from './api/validators.js'
export type { LocatorOptions } from './core/locator-options.js'
export {
  HttpAuthError,
  HttpBodyError,
  HttpConnectionError,
  HttpRedirectError,
  HttpStatusError,
  HttpTimeoutError,
  HttpTooLargeError,
  isRetryable,
  NarrowingError,
  PageFormatError,
  PagingLoopError,
  RateLimitPausedError,
  type TimeoutPhase,
} from './errors.js'
export { basicAuth, headerAuth, noAuth } from './http/auth.js'
export { createHttpClient, HttpClient, type HttpClientDeps, type HttpClientOptions } from './http/http-client.js'
export type { HttpAuth, HttpRequest } from './http/http-request.js'
export type { HttpResponse } from './http/http-response.js'
export { type OAuthOptions, oauthClientCredentials } from './http/oauth.js'
export { createRateLimit, RateLimit, type RateLimitOptions } from './http/rate-limit.js'
export type { RedirectPolicy } from './http/redirect.js'
export type { Failure, FailureOutcome, LeasedRequest, Locator, Progress, WorkRequest } from './locator.js'
export type { DirectoryEntry, EntryKind, RemoteFile, RemoteStat, SftpConnection } from './sftp/connection.js'
export type { SftpConnectionOptions } from './sftp/connection-options.js'
export { createSftpPool, type PoolUse, SftpPool, type SftpPoolDeps } from './sftp/connection-pool.js'
export { type Downloaded, type DownloadOptions, downloadFile, type PartialFile } from './sftp/download-file.js'
export { keepLease } from './sftp/keep-lease.js'
export type { DirectorySource, FileSource, ListedFile, SftpSort, SftpSource } from './sftp/list-files.js'
export { localName } from './sftp/local-name.js'
export { type CalendarDate, type DateFilter, dateInName } from './sftp/name-date.js'
export {
  type FileVersion,
  SftpAuthError,
  SftpConnectionError,
  type SftpConnectionReason,
  SftpFileChangedError,
  SftpHostKeyError,
  SftpPathError,
  type SftpStatus,
} from './sftp/sftp-errors.js'
export {
  createSftpLocator,
  SftpLocator,
  type SftpLocatorOptions,
  type SftpRequest,
  type SftpSuccess,
} from './sftp/sftp-locator.js'
