-- Compare and set one record. It is a hash: its version, its body, and the id of the save that wrote it.
--
-- KEYS[1]  the record, and nothing else is touched
-- ARGV[1]  the version it must have; '0': it must not exist
-- ARGV[2]  its new version
-- ARGV[3]  its new body
-- ARGV[4]  id of this save
-- ARGV[5]  milliseconds until it may be forgotten, counted from now; '': never
--
-- Answers 1 if the record is stored, 0 if another version is. Versions are compared as text: a number is a double
-- here, to which 2^53 and 2^53 + 1 are the same.

local stored = redis.call('HMGET', KEYS[1], 'version', 'save')
if stored[2] == ARGV[4] then
  return 1 -- the answer to this very save was lost, and the client sent it again
end

local expected
if ARGV[1] == '0' then
  expected = redis.call('EXISTS', KEYS[1]) == 0
else
  expected = stored[1] == ARGV[1]
end
if not expected then
  return 0
end

redis.call('HSET', KEYS[1], 'version', ARGV[2], 'body', ARGV[3], 'save', ARGV[4])
if ARGV[5] == '' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
return 1
