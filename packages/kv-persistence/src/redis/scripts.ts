import { createHash } from 'node:crypto'

export interface RedisScript {
  readonly source: string
  /** What EVALSHA calls it by. */
  readonly sha1: string
}

/**
 * Several commits, one after the other, each whole or not at all. Reading comes before writing, and the first write is one that a full server refuses, so
 * that nothing can fail half-way.
 *
 * KEYS: index, expiries, last version, then the keys of all checks and changes in their order.
 * ARGV: length of what stands in front of every key, number of commits, whether any needs room; per commit checks * 1000000 + changes, per check the
 * wanted version (empty: absent) or `<` and a moment that has not come yet, per change its letter, payload or amount, and ttl (empty: never).
 * Reply: the version before the first; per commit 0 and one result per change, or the reason (1 conflict, 2 no number, 3 overflow; 4 a
 * key that another program uses for something else, counted through checks and changes) and where.
 */
export const COMMIT: RedisScript = script(`
local index, expiries, counter = KEYS[1], KEYS[2], KEYS[3]
local skip, commits = tonumber(ARGV[1]) + 1, tonumber(ARGV[2])
local last = redis.pcall('INCRBY', counter, commits)
if type(last) == 'table' then
  if ARGV[3] == '1' then return last end
  last = tonumber(redis.call('GET', counter) or '0') + commits
elseif last == commits then
  local time = redis.call('TIME')
  last = time[1] * 1000000 + time[2] + commits
  redis.call('SET', counter, string.format('%.0f', last))
end
local first = last - commits
local reply, size = { string.format('%.0f', first) }, 1
local now
local a, k = 3, 3

local function give(value)
  size = size + 1
  reply[size] = value
end

local function clock()
  if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return now
end

local function expires(member, ttl)
  redis.call('ZADD', expiries, clock() + tonumber(ttl), member)
end

-- 1: does not hold, 4: cannot be told.
local function refuse(key, wanted)
  if string.sub(wanted, 1, 1) == '<' then
    return clock() >= tonumber(string.sub(wanted, 2)) and 1 or nil
  end
  local head = redis.pcall('GETRANGE', key, 0, 17)
  if type(head) == 'table' then return 4 end
  return (string.match(head, '^(%d+) ') or head) ~= wanted and 1 or nil
end

local function write(key, value, ttl)
  local member = string.sub(key, skip)
  redis.call('ZADD', index, 0, member)
  if ttl == '' then
    redis.call('SET', key, value)
  else
    redis.call('SET', key, value, 'PX', ttl)
    expires(member, ttl)
  end
end

local function add(key, by)
  local value = redis.pcall('GET', key)
  local old = 0
  if type(value) == 'table' then return nil, 4 end
  if value then
    local body = string.match(value, '^%d+ j:(-?%d+%.?%d*[eE]?[+-]?%d*)$')
    old = body and tonumber(body)
    if not old then return nil, 2 end
  end
  local sum = old + by
  if sum ~= sum or sum == math.huge or sum == -math.huge then return nil, 3 end
  if math.floor(old) == old and math.floor(by) == by and math.abs(sum) > 9007199254740991 then return nil, 3 end
  if math.floor(sum) == sum and math.abs(sum) < 1e15 then return string.format('%.0f', sum) end
  return string.format('%.17g', sum)
end

for commit = 1, commits do
  a = a + 1
  local counts = tonumber(ARGV[a])
  local checks = math.floor(counts / 1000000)
  local changes = counts - checks * 1000000
  local reason, place
  for i = 1, checks do
    reason = refuse(KEYS[k + i], ARGV[a + i])
    if reason then
      place = i - 1
      break
    end
  end
  a, k = a + checks, k + checks
  local sums = {}
  if not reason then
    for i = 1, changes do
      local letter = ARGV[a + 3 * i - 2]
      if letter == 'i' or letter == 'r' then
        sums[i], reason = add(KEYS[k + i], tonumber(ARGV[a + 3 * i - 1]))
        if reason then
          place = reason == 4 and checks + i - 1 or i - 1
          break
        end
      end
    end
  end
  if reason then
    give(reason)
    give(place)
  else
    give(0)
    local version = string.format('%.0f ', first + commit)
    for i = 1, changes do
      local key, letter, value, ttl = KEYS[k + i], ARGV[a + 3 * i - 2], ARGV[a + 3 * i - 1], ARGV[a + 3 * i]
      if letter == 'p' then
        write(key, version .. value, ttl)
        give(1)
      elseif letter == 'a' then
        if redis.call('EXISTS', key) == 1 then
          give(0)
        else
          write(key, version .. value, ttl)
          give(1)
        end
      elseif letter == 'd' then
        give(redis.call('DEL', key))
        redis.call('ZREM', index, string.sub(key, skip))
      elseif letter == 't' then
        local there = redis.call('EXISTS', key)
        if there == 1 then
          if ttl == '' then
            redis.call('PERSIST', key)
          else
            redis.call('PEXPIRE', key, ttl)
            expires(string.sub(key, skip), ttl)
          end
        end
        give(there)
      else
        if letter == 'i' and redis.call('EXISTS', key) == 1 then
          redis.call('SET', key, version .. 'j:' .. sums[i], 'KEEPTTL')
        else
          write(key, version .. 'j:' .. sums[i], ttl)
        end
        give(sums[i])
      end
    end
  end
  a, k = a + 3 * changes, k + changes
end
return reply
`)

/**
 * Puts without conditions and with one ttl, which most commits are: does for each what COMMIT does, at a third of the cost. A key that is there is in
 * the index already. Versions are whole numbers of 16 digits, of which all puts but a few share the first ten: those are written once.
 *
 * KEYS: index, expiries, last version, then one per put. ARGV: length of what stands in front of every key, ttl (empty: never), then one payload per
 * put. Reply: the version before the first.
 */
export const PUT: RedisScript = script(`
local call, counter, count, ttl = redis.call, KEYS[3], #KEYS - 3, ARGV[2]
local last = redis.pcall('INCRBY', counter, count)
if type(last) == 'table' then return last end
if last == count then
  local time = call('TIME')
  last = time[1] * 1000000 + time[2] + count
  call('SET', counter, string.format('%.0f', last))
end
local first = last - count
local low = first % 1000000
local high = low >= 100000 and low + count < 1000000 and string.format('%.0f', (first - low) / 1000000)
local due
if ttl ~= '' then
  local time = call('TIME')
  due = time[1] * 1000 + math.floor(time[2] / 1000) + ttl
end
for i = 1, count do
  local key, value = KEYS[i + 3]
  if high then
    value = high .. (low + i) .. ' ' .. ARGV[i + 2]
  else
    value = string.format('%.0f ', first + i) .. ARGV[i + 2]
  end
  local known
  if due then
    known = call('SET', key, value, 'PX', ttl, 'XX')
    if not known then call('SET', key, value, 'PX', ttl) end
    call('ZADD', KEYS[2], due, string.sub(key, ARGV[1] + 1))
  else
    known = call('SET', key, value, 'XX')
    if not known then call('SET', key, value) end
  end
  if not known then call('ZADD', KEYS[1], 0, string.sub(key, ARGV[1] + 1)) end
end
return string.format('%.0f', first)
`)

/**
 * Drops from index and expiries what has expired, and corrects the expiries of what lives on.
 *
 * KEYS: index, expiries, then the keys to look at. ARGV: length of what stands in front of every key.
 */
export const PURGE: RedisScript = script(`
local index, expiries = KEYS[1], KEYS[2]
local skip = tonumber(ARGV[1]) + 1
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 3, #KEYS do
  local member = string.sub(KEYS[i], skip)
  local left = redis.call('PTTL', KEYS[i])
  if left == -2 then redis.call('ZREM', index, member) end
  if left < 0 then
    redis.call('ZREM', expiries, member)
  else
    redis.call('ZADD', expiries, now + left, member)
  end
end
return 1
`)

function script(source: string): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}
