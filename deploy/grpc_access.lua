-- Lets a gRPC request pass only if each of its messages names a public pipeline.
--
-- The messages of KServe's inference service all have the model's name in field 1. A stream may name another model
-- in every message, and if a message repeats the field, the last one counts. So every top-level field of every
-- message is parsed, without buffering: bytes are forwarded as soon as they are known to be harmless, and at most
-- the start of a message or field is held back. Once a message is refused, no further byte is forwarded; the server
-- sees a broken request, and its response is replaced by the reason.

local STATE = "tritone.proxy"
local PREFIX = 5 -- bytes before each message: compression flag and length
local LONGEST_NAME = 128
local BROKEN = "\0\0\0\0\1\0" -- a message that no protobuf parser accepts

local PERMISSION_DENIED, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED = "7", "3", "8", "12"

local function refuse(code, reason)
  error({code = code, reason = reason}, 0)
end

local function malformed()
  refuse(INVALID_ARGUMENT, "proxy: expected a protobuf message of the inference service, got something "
    .. "else; use a KServe v2 client.")
end

-- Returns the number at a position and the position after it, or nil if it is incomplete.
local function varint(bytes, at, longest)
  local value, factor = 0, 1
  for place = at, at + longest - 1 do
    local byte = string.byte(bytes, place)
    if byte == nil then return nil end
    value = value + (byte % 128) * factor
    if byte < 128 then return value, place + 1 end
    factor = factor * 128
  end
  malformed()
end

-- Returns a field's number, the position and length in bytes of its content, and whether it is length-delimited; or
-- nil if the bytes end too early to tell.
local function field(bytes, at)
  local tag, content = varint(bytes, at, 5)
  if tag == nil then return nil end
  local number, kind = math.floor(tag / 8), tag % 8
  if number == 0 or tag >= 2 ^ 32 then malformed() end
  if kind == 0 then
    local _, after = varint(bytes, content, 10)
    if after == nil then return nil end
    return number, content, after - content, false
  elseif kind == 1 then
    return number, content, 8, false
  elseif kind == 2 then
    local length, start = varint(bytes, content, 10)
    if length == nil then return nil end
    return number, start, length, true
  elseif kind == 5 then
    return number, content, 4, false
  end
  malformed() -- groups, which these messages do not have
end

local function require_public(api, name)
  if not api.public[name] then
    refuse(PERMISSION_DENIED, api.expected)
  end
end

-- Parses the field at a position and returns the position after what may be forwarded, or nil if more bytes are
-- needed. The first field of a message must be the name, as every protobuf library writes it.
local function parse_field(call, api, bytes, at, first)
  local number, content, length, delimited = field(bytes, at)
  if number == nil then
    if #bytes - at + 1 >= call.left then malformed() end
    return nil
  end
  if content + length - at > call.left then malformed() end
  if number == 1 then
    if not delimited or length > LONGEST_NAME then
      require_public(api, nil)
    end
    if content + length - 1 > #bytes then return nil end
    require_public(api, string.sub(bytes, content, content + length - 1))
  elseif first then
    require_public(api, nil)
  end
  call.left = call.left - (content - at) - length
  if number == 1 then return content + length end
  call.skip = length
  return content
end

-- Parses the start of a message.
local function parse_start(call, api, bytes, at)
  if #bytes - at + 1 < PREFIX then return nil end
  local compressed, a, b, c, d = string.byte(bytes, at, at + PREFIX - 1)
  local length = ((a * 256 + b) * 256 + c) * 256 + d
  if compressed ~= 0 then
    refuse(UNIMPLEMENTED, "proxy: expected uncompressed messages, got a compressed one; turn compression off.")
  elseif length > api.longest then
    refuse(RESOURCE_EXHAUSTED, string.format("proxy: expected a message of at most %d bytes, got %d; "
      .. "send less at a time, or compressed audio.", api.longest, length))
  elseif length == 0 then
    require_public(api, nil)
  end
  call.left = length
  return parse_field(call, api, bytes, at + PREFIX, true)
end

-- Parses bytes and records in call.passed how many may be forwarded, even if it then refuses the next one.
local function advance(call, api, bytes)
  local at = 1
  call.passed = 0
  while at <= #bytes do
    local after
    if call.skip > 0 then
      after = math.min(at + call.skip, #bytes + 1)
      call.skip = call.skip - (after - at)
    elseif call.left > 0 then
      after = parse_field(call, api, bytes, at, false)
    else
      local left = call.left
      after = parse_start(call, api, bytes, at)
      if after == nil then call.left = left end
    end
    if after == nil then return end
    at = after
    call.passed = at - 1
    call.started = call.left > 0 or call.skip > 0
  end
end

local function read_public_api(context)
  local api = {public = {}, longest = context:get("largest_message_bytes"), expected = context:get("expected")}
  for _, name in pairs(context:get("pipelines")) do api.public[name] = true end
  return api
end

function envoy_on_request(handle)
  local known, api = pcall(read_public_api, handle:filterContext())
  if not known then -- an error here would let everything through
    handle:logErr(tostring(api))
    api = {public = {}, longest = 0, expected = "proxy: its configuration names no public pipelines."}
  end
  local call = {left = 0, skip = 0, passed = 0, started = false}
  local held, refused = "", false
  for chunk in handle:bodyChunks() do
    local size = chunk:length()
    if refused then
      chunk:setBytes("")
    elseif held == "" and call.skip > size then
      call.skip = call.skip - size
    elseif size > 0 then
      local bytes = held .. chunk:getBytes(0, size)
      local fine, refusal = pcall(advance, call, api, bytes)
      local passed = string.sub(bytes, 1, call.passed)
      if fine then
        held = string.sub(bytes, call.passed + 1)
      else
        refused = true
        if type(refusal) ~= "table" then
          refusal = {code = INVALID_ARGUMENT, reason = "proxy: the request cannot be read."}
        end
        handle:streamInfo():dynamicMetadata():set(STATE, "code", refusal.code)
        handle:streamInfo():dynamicMetadata():set(STATE, "reason", refusal.reason)
        if not call.started then passed = passed .. BROKEN end
      end
      if refused or held ~= "" or #passed ~= size then chunk:setBytes(passed) end
    end
  end
end

local function replace_status(handle, headers)
  local state = handle:streamInfo():dynamicMetadata():get(STATE)
  if state ~= nil and state["code"] ~= nil then
    headers:replace("grpc-status", state["code"])
    headers:replace("grpc-message", state["reason"])
  end
end

function envoy_on_response(handle)
  if handle:headers():get("grpc-status") ~= nil then
    replace_status(handle, handle:headers())
    return
  end
  local trailers = handle:trailers()
  if trailers ~= nil then
    replace_status(handle, trailers)
  end
end
