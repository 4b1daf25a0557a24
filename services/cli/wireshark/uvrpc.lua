-- A dissector for Wireshark and tshark: frames of uvrpc over TCP (reassembled), over UDP, and inside
-- of TLS where Wireshark has the keys. The protocol is rpc/PROTOCOL.md.
--
--     cp uvrpc.lua ~/.local/lib/wireshark/plugins/          # for good
--     tshark -X lua_script:uvrpc.lua -i lo -f 'port 7000'   # for once
--
-- Connections on the ports of the preference "TCP ports" are taken as uvrpc, others are when their
-- bytes look so. Bodies are handed to Wireshark's protobuf dissector, which shows names where its
-- preferences know the .proto files, or to that of JSON.

local uvrpc = Proto("uvrpc", "uvrpc")

local KINDS = {
  [0] = "CALL", "MESSAGE", "END", "CANCEL", "CREDIT", "PING", "PONG", "GOAWAY", "HELLO",
}
local CODES = {
  [0] = "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
  "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
  "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}
local ENCODINGS = { [0] = "IDENTITY", "ZSTD" }
local FLAGS = { { 1, "LAST" }, { 2, "MORE" }, { 4, "BARE" }, { 8, "UNSEEN" } }

local CALL, MESSAGE, END, CREDIT, GOAWAY, HELLO = 0, 1, 2, 4, 7, 8
local LENGTH_BYTES = 4
local HEADER_SIZE_MAX = 0xFFFFFF
local NUMBER_MAX = 9007199254740991
local BODY_SIZE_MAX = 1024 * 1024 * 1024
local DEPTH_MAX = 16
local TEXT_SHOWN_MAX = 200

local f = {
  length = ProtoField.uint32("uvrpc.header_length", "Header length"),
  header = ProtoField.bytes("uvrpc.header", "Header record"),
  form = ProtoField.string("uvrpc.form", "Form"),
  kind = ProtoField.int32("uvrpc.kind", "Kind", base.DEC, KINDS),
  call = ProtoField.uint64("uvrpc.call", "Call"),
  name = ProtoField.string("uvrpc.name", "Method"),
  size = ProtoField.uint64("uvrpc.size", "Body size"),
  md5 = ProtoField.string("uvrpc.md5", "MD5 of the body"),
  flags = ProtoField.uint32("uvrpc.flags", "Flags", base.HEX),
  last = ProtoField.bool("uvrpc.flags.last", "LAST", 32, nil, 1),
  more = ProtoField.bool("uvrpc.flags.more", "MORE", 32, nil, 2),
  bare = ProtoField.bool("uvrpc.flags.bare", "BARE", 32, nil, 4),
  unseen = ProtoField.bool("uvrpc.flags.unseen", "UNSEEN", 32, nil, 8),
  timeout = ProtoField.uint64("uvrpc.timeout_us", "Timeout in microseconds"),
  code = ProtoField.uint32("uvrpc.code", "Status", base.DEC, CODES),
  message = ProtoField.string("uvrpc.message", "Status message"),
  metadata = ProtoField.string("uvrpc.metadata", "Metadata"),
  detail = ProtoField.string("uvrpc.detail", "Status detail"),
  credit = ProtoField.uint64("uvrpc.credit", "Credit"),
  encoding = ProtoField.int32("uvrpc.encoding", "Encoding", base.DEC, ENCODINGS),
  session = ProtoField.string("uvrpc.session", "Session"),
  padding = ProtoField.uint32("uvrpc.padding", "Padding in bytes"),
  body = ProtoField.bytes("uvrpc.body", "Body"),
  agent = ProtoField.string("uvrpc.agent", "Agent"),
  of_method = ProtoField.string("uvrpc.of_method", "Of method"),
  call_in = ProtoField.framenum("uvrpc.call_in", "CALL in", base.NONE, frametype.REQUEST),
  end_in = ProtoField.framenum("uvrpc.end_in", "END in", base.NONE, frametype.RESPONSE),
  time = ProtoField.double("uvrpc.time", "Seconds since the CALL"),
}
uvrpc.fields = f

local problem = ProtoExpert.new("uvrpc.problem", "No frame of uvrpc", expert.group.MALFORMED,
  expert.severity.ERROR)
local failed = ProtoExpert.new("uvrpc.failed", "The call failed", expert.group.RESPONSE_CODE,
  expert.severity.NOTE)
uvrpc.experts = { problem, failed }

uvrpc.prefs.ports = Pref.range("TCP ports", "7000", "Ports that are always taken as uvrpc", 65535)

local tcp_stream = Field.new("tcp.stream")

-- The binary form: protobuf, read from a Lua string. Each reader returns a value and the place
-- behind it, or nil.

local function read_varint(bytes, at)
  local value, factor = 0, 1
  for i = at, at + 9 do
    local byte = bytes:byte(i)
    if byte == nil then return nil end
    value = value + (byte % 128) * factor
    factor = factor * 128
    if byte < 128 then return value, i + 1 end
  end
  return nil
end

local function read_bytes(bytes, at)
  local size, from = read_varint(bytes, at)
  if size == nil or from + size - 1 > #bytes then return nil end
  return bytes:sub(from, from + size - 1), from + size
end

-- Of wire type 0, 1, 2 or 5; groups are not looked into.
local function read_field(bytes, at)
  local tag, value
  tag, at = read_varint(bytes, at)
  if tag == nil or tag < 8 then return nil end
  local number, wire_type = math.floor(tag / 8), tag % 8
  if wire_type == 0 then
    value, at = read_varint(bytes, at)
  elseif wire_type == 2 then
    value, at = read_bytes(bytes, at)
  elseif wire_type == 1 or wire_type == 5 then
    local size = wire_type == 1 and 8 or 4
    if at + size - 1 > #bytes then return nil end
    value, at = bytes:sub(at, at + size - 1), at + size
  else
    return nil
  end
  if at == nil then return nil end
  return number, wire_type, value, at
end

local function read_pair(bytes)
  local pair, at = { "", "" }, 1
  while at <= #bytes do
    local number, wire_type, value
    number, wire_type, value, at = read_field(bytes, at)
    if number == nil then return nil end
    if wire_type == 2 and (number == 1 or number == 2) then pair[number] = value end
  end
  return pair
end

local function hex(bytes)
  return (bytes:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

-- Low 32 bits, with a sign.
local function as_int32(value)
  value = value % 4294967296
  return value < 2147483648 and value or value - 4294967296
end

local NUMBERS = { [3] = "size", [5] = "call", [7] = "timeout_us", [12] = "credit" }
local SMALL = { [4] = "kind", [6] = "flags", [8] = "code", [13] = "encoding" }
local STRINGS = { [1] = "md5", [2] = "name", [9] = "message", [16] = "padding" }
local PAIRS = { [10] = "metadata", [11] = "details" }

local function new_record(form)
  return { form = form, kind = CALL, size = 0, call = 0, flags = 0, code = 0, timeout_us = 0,
    credit = 0, encoding = 0, md5 = "", name = "", message = "", padding = "", metadata = {},
    details = {} }
end

local function set_field(record, number, wire_type, value)
  if wire_type == 0 and NUMBERS[number] then
    record[NUMBERS[number]] = value
  elseif wire_type == 0 and SMALL[number] then
    record[SMALL[number]] = number == 6 and value % 4294967296 or as_int32(value)
  elseif wire_type == 2 and STRINGS[number] then
    record[STRINGS[number]] = value
  elseif wire_type == 2 and PAIRS[number] then
    local pair = read_pair(value)
    if pair == nil then return false end
    table.insert(record[PAIRS[number]], pair)
  elseif wire_type == 1 and number == 14 then
    record.session = hex(value:reverse())
  end
  return true
end

local function decode_binary(bytes)
  local record, at = new_record("binary"), 1
  while at <= #bytes do
    local number, wire_type, value
    number, wire_type, value, at = read_field(bytes, at)
    if number == nil or not set_field(record, number, wire_type, value) then return nil end
  end
  return record
end

-- The JSON form. Each reader returns a value and the place behind it, or nil; null is NULL.

local NULL = {}
local read_json

local function skip_blanks(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\",
  ["/"] = "/" }

local function utf8(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then
    return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
  end
  return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64,
    0x80 + code % 64)
end

local function read_string(text, at)
  local parts = {}
  while true do
    local stop = text:find('["\\]', at)
    if stop == nil then return nil end
    table.insert(parts, text:sub(at, stop - 1))
    if text:sub(stop, stop) == '"' then return table.concat(parts), stop + 1 end
    local escape = text:sub(stop + 1, stop + 1)
    at = stop + 2
    if escape == "u" then
      local code = tonumber(text:sub(at, at + 3), 16)
      if code == nil then return nil end
      table.insert(parts, utf8(code))
      at = at + 4
    elseif ESCAPES[escape] then
      table.insert(parts, ESCAPES[escape])
    else
      return nil
    end
  end
end

local function read_members(text, at, depth)
  local object = {}
  at = skip_blanks(text, at)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    if text:sub(at, at) ~= '"' then return nil end
    local key, value
    key, at = read_string(text, at + 1)
    if key == nil then return nil end
    at = skip_blanks(text, at)
    if text:sub(at, at) ~= ":" then return nil end
    value, at = read_json(text, at + 1, depth)
    if value == nil then return nil end
    object[key] = value
    at = skip_blanks(text, at)
    local sign = text:sub(at, at)
    if sign == "}" then return object, at + 1 end
    if sign ~= "," then return nil end
    at = skip_blanks(text, at + 1)
  end
end

local function read_items(text, at, depth)
  local list = {}
  at = skip_blanks(text, at)
  if text:sub(at, at) == "]" then return list, at + 1 end
  while true do
    local value
    value, at = read_json(text, at, depth)
    if value == nil then return nil end
    table.insert(list, value)
    at = skip_blanks(text, at)
    local sign = text:sub(at, at)
    if sign == "]" then return list, at + 1 end
    if sign ~= "," then return nil end
    at = at + 1
  end
end

local WORDS = { ["true"] = true, ["false"] = false, null = NULL }

function read_json(text, at, depth)
  if depth > DEPTH_MAX then return nil end
  at = skip_blanks(text, at)
  local sign = text:sub(at, at)
  if sign == '"' then return read_string(text, at + 1) end
  if sign == "{" then return read_members(text, at + 1, depth + 1) end
  if sign == "[" then return read_items(text, at + 1, depth + 1) end
  local word = text:match("^[%a%d%.+-]+", at)
  if word == nil then return nil end
  if WORDS[word] ~= nil then return WORDS[word], at + #word end
  local number = tonumber(word)
  if number == nil then return nil end
  return number, at + #word
end

local function word_number(words, value, unknown)
  if type(value) == "number" then return value end
  for number, word in pairs(words) do
    if word:lower() == value then return number end
  end
  return unknown
end

local function add_metadata(record, metadata)
  for key, value in pairs(metadata) do
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      table.insert(record.metadata, { key, tostring(one) })
    end
  end
end

local function decode_json(text)
  local object, at = read_json(text, 1, 1)
  if type(object) ~= "table" or skip_blanks(text, at) <= #text then return nil end
  local record = new_record("JSON")
  local function is_true(key) return object[key] == true end
  for _, key in ipairs({ "size", "call", "timeout_us", "credit", "code" }) do
    record[key] = tonumber(object[key]) or 0
  end
  for _, key in ipairs({ "name", "message", "padding" }) do
    if type(object[key]) == "string" then record[key] = object[key] end
  end
  if type(object.session) == "string" then record.session = object.session end
  record.kind = word_number(KINDS, object.kind or 0, 63)
  record.encoding = word_number(ENCODINGS, object.encoding or 0, -1)
  record.md5 = type(object.md5) == "string" and
    object.md5:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end) or ""
  -- An absent `last` on a CALL is true, unless there is more to come.
  local last = is_true("last")
  if object.last == nil and record.kind == CALL then
    last = not is_true("more") and not is_true("bare")
  end
  record.flags = (last and 1 or 0) + (is_true("more") and 2 or 0) + (is_true("bare") and 4 or 0) +
    (is_true("unseen") and 8 or 0)
  if type(object.metadata) == "table" then add_metadata(record, object.metadata) end
  for _, detail in ipairs(type(object.details) == "table" and object.details or {}) do
    if type(detail) == "table" then
      table.insert(record.details, { tostring(detail.type_url), tostring(detail.value) })
    end
  end
  return record
end

local function decode(bytes)
  local decoder = bytes:sub(1, 1) == "{" and decode_json or decode_binary
  local record = decoder(bytes)
  if record == nil or record.size > BODY_SIZE_MAX or record.call > NUMBER_MAX then return nil end
  return record
end

-- Words, as rpc/wire/frame_text.h has them.

local function has(record, flag) return math.floor(record.flags / flag) % 2 == 1 end

local function printable(text)
  text = text:gsub("[^\32-\126\128-\255]", function(c)
    return string.format("\\x%02x", c:byte())
  end)
  return #text > TEXT_SHOWN_MAX and text:sub(1, TEXT_SHOWN_MAX) .. "..." or text
end

local function duration(us)
  if us % 1000000 == 0 then return string.format("%ds", us / 1000000) end
  if us % 1000 == 0 then return string.format("%dms", us / 1000) end
  return string.format("%dus", us)
end

local function describe(record)
  local words = { KINDS[record.kind] or "KIND " .. record.kind }
  local function add(...) table.insert(words, string.format(...)) end
  if record.kind <= CREDIT or record.kind == GOAWAY then add("%.0f", record.call) end
  if record.name ~= "" then add("%s", printable(record.name)) end
  if record.kind == END or record.kind == GOAWAY then
    add("%s", CODES[record.code] or "UNKNOWN")
    if record.message ~= "" then add('"%s"', printable(record.message)) end
    if #record.details > 0 then add("%d details", #record.details) end
  end
  if record.kind == CREDIT then add("+%.0f", record.credit) end
  if record.size > 0 then add("%.0f bytes", record.size) end
  for _, flag in ipairs(FLAGS) do
    if has(record, flag[1]) then add("%s", flag[2]) end
  end
  if record.timeout_us > 0 then add("timeout %s", duration(record.timeout_us)) end
  if record.encoding == 1 then add("zstd") end
  if #record.metadata > 0 then add("%d metadata", #record.metadata) end
  if record.session then add("session %s", record.session) end
  if record.form == "JSON" then add("json") end
  return table.concat(words, " ")
end

-- Which CALL a frame belongs to. Filled in the first pass, in which packets come in order.

local calls = {}  -- by connection and call: the last CALL of it
local of_frame = {}  -- by packet and place: that CALL

function uvrpc.init()
  calls, of_frame = {}, {}
end

local function call_of(record, pinfo, stream, place)
  if record.kind > CREDIT then return nil end
  local here = pinfo.number .. ":" .. place
  if not pinfo.visited then
    local key = string.format("%s:%s:%.0f", stream, record.session or "", record.call)
    -- A datagram may be a repeat.
    local repeated = record.session and calls[key]
    if record.kind == CALL and not repeated then
      calls[key] = { name = record.name, number = pinfo.number, time = pinfo.abs_ts }
    end
    local call = calls[key]
    if call and record.kind == END then call.ended = call.ended or pinfo.number end
    of_frame[here] = call
  end
  return of_frame[here]
end

-- The tree.

local function number64(value)
  return UInt64.new(value % 4294967296, math.floor(value / 4294967296))
end

local function add_header(tree, record, range)
  tree:add(f.kind, range, record.kind)
  tree:add(f.form, range, record.form)
  if record.kind <= CREDIT or record.kind == GOAWAY then
    tree:add(f.call, range, number64(record.call))
  end
  if record.name ~= "" then tree:add(f.name, range, record.name) end
  tree:add(f.size, range, number64(record.size))
  if record.md5 ~= "" then tree:add(f.md5, range, hex(record.md5)) end
  local flags = tree:add(f.flags, range, record.flags)
  for _, field in ipairs({ f.last, f.more, f.bare, f.unseen }) do
    flags:add(field, range, record.flags)
  end
  if record.timeout_us > 0 then tree:add(f.timeout, range, number64(record.timeout_us)) end
  if record.kind == END or record.kind == GOAWAY then tree:add(f.code, range, record.code) end
  if record.message ~= "" then tree:add(f.message, range, record.message) end
  for _, pair in ipairs(record.metadata) do
    tree:add(f.metadata, range, pair[1] .. "=" .. printable(pair[2]))
  end
  for _, pair in ipairs(record.details) do
    tree:add(f.detail, range, pair[1] .. ", " .. #pair[2] .. " bytes")
  end
  if record.kind == CREDIT then tree:add(f.credit, range, number64(record.credit)) end
  if record.encoding ~= 0 then tree:add(f.encoding, range, record.encoding) end
  if record.session then tree:add(f.session, range, record.session) end
  if record.padding ~= "" then tree:add(f.padding, range, #record.padding) end
end

local function add_call(tree, record, call, pinfo)
  if call == nil then return end
  local function generated(...) tree:add(...):set_generated() end
  if record.kind == CALL then
    if call.ended then generated(f.end_in, call.ended) end
    return
  end
  generated(f.of_method, call.name)
  generated(f.call_in, call.number)
  generated(f.time, pinfo.abs_ts - call.time)
end

local function agent_of(body)
  local at = 1
  while at and at <= #body do
    local number, wire_type, value
    number, wire_type, value, at = read_field(body, at)
    if number == 8 and wire_type == 2 then return value end
  end
  return body:match('"agent"%s*:%s*"([^"]*)"')
end

local function add_body(tree, record, range, call, to_server, pinfo)
  local item = tree:add(f.body, range)
  if record.kind == HELLO then
    local agent = agent_of(range:raw())
    if agent then item:add(f.agent, range, printable(agent)) end
    return
  end
  if record.encoding ~= 0 or has(record, 2) or has(record, 4) or record.code ~= 0 then return end
  if record.form == "JSON" then
    Dissector.get("json"):call(range:tvb(), pinfo, tree)
  elseif call then
    pinfo.private["pb_msg_type"] = string.format("application/grpc,/%s,%s", call.name,
      to_server and "request" or "response")
    Dissector.get("protobuf"):call(range:tvb(), pinfo, tree)
  end
end

-- Whole frames.

-- The length and the record of the frame at `at`; nil and the bytes that are missing (0: nobody
-- knows), or nil and a sentence.
local function look_at(tvb, at)
  local left = tvb:len() - at
  if left < LENGTH_BYTES then return nil, 0 end
  local size = tvb(at, LENGTH_BYTES):uint()
  if size < 1 or size > HEADER_SIZE_MAX then return nil, "a header length of " .. size end
  if left < LENGTH_BYTES + size then return nil, LENGTH_BYTES + size - left end
  local record = decode(tvb:raw(at + LENGTH_BYTES, size))
  if record == nil then return nil, "a header record that cannot be read" end
  local whole = LENGTH_BYTES + size + record.size
  if left < whole then return nil, whole - left end
  record.header_size = size
  return whole, record
end

local function show(tvb, at, whole, record, pinfo, tree, stream)
  local call = call_of(record, pinfo, stream, at)
  local text = describe(record)
  if call and record.kind ~= CALL then text = text .. " (" .. printable(call.name) .. ")" end
  local top = tree:add(uvrpc, tvb(at, whole), "uvrpc, " .. text)
  top:add(f.length, tvb(at, LENGTH_BYTES))
  local range = tvb(at + LENGTH_BYTES, record.header_size)
  add_header(top:add(f.header, range), record, range)
  add_call(top, record, call, pinfo)
  if (record.kind == END or record.kind == GOAWAY) and record.code ~= 0 then
    top:add_proto_expert_info(failed, text)
  end
  if record.size > 0 then
    local to_server = record.kind == CALL or
      (call ~= nil and call.port == pinfo.src_port)
    add_body(top, record, tvb(at + LENGTH_BYTES + record.header_size, record.size), call,
      to_server, pinfo)
  end
  if call and record.kind == CALL then call.port = pinfo.src_port end
  return text
end

local function show_all(tvb, pinfo, tree, stream)
  local at, texts = 0, {}
  while at < tvb:len() do
    local whole, record = look_at(tvb, at)
    if whole == nil then
      if type(record) == "string" then
        tree:add(uvrpc, tvb(at)):add_proto_expert_info(problem, "no frame: " .. record)
        table.insert(texts, "no frame: " .. record)
        at = tvb:len()
      else
        pinfo.desegment_offset = at
        pinfo.desegment_len = record == 0 and DESEGMENT_ONE_MORE_SEGMENT or record
      end
      break
    end
    table.insert(texts, show(tvb, at, whole, record, pinfo, tree, stream))
    at = at + whole
  end
  pinfo.cols.protocol = "uvrpc"
  if #texts > 0 then pinfo.cols.info = table.concat(texts, "; ") end
  return tvb:len()
end

function uvrpc.dissector(tvb, pinfo, tree)
  local stream = tcp_stream()
  return show_all(tvb, pinfo, tree, stream and "tcp " .. tostring(stream.value) or "datagrams")
end

-- What could hardly be anything else.
local function is_likely(record)
  if record.kind == CALL then return record.name:find("^[%w_.]+/[%w_]+$") ~= nil end
  return KINDS[record.kind] ~= nil and (record.size == 0 or #record.md5 == 16)
end

local function guess_tcp(tvb, pinfo, tree)
  if tvb:len() < LENGTH_BYTES + 2 then return false end
  local size = tvb(0, LENGTH_BYTES):uint()
  if size < 2 or size > tvb:len() - LENGTH_BYTES then return false end
  local record = decode(tvb:raw(LENGTH_BYTES, size))
  if record == nil or not is_likely(record) then return false end
  pinfo.conversation = uvrpc
  uvrpc.dissector(tvb, pinfo, tree)
  return true
end

-- A datagram is one whole frame with a session.
local function guess_udp(tvb, pinfo, tree)
  local whole, record = look_at(tvb, 0)
  if whole ~= tvb:len() or not record.session or not is_likely(record) then return false end
  show_all(tvb, pinfo, tree, "udp")
  return true
end

uvrpc:register_heuristic("tcp", guess_tcp)
uvrpc:register_heuristic("udp", guess_udp)

local by_port = DissectorTable.get("tcp.port")
local taken = ""

local function take_ports()
  if taken ~= "" then by_port:remove(taken, uvrpc) end
  taken = uvrpc.prefs.ports
  if taken ~= "" then by_port:add(taken, uvrpc) end
end

uvrpc.prefs_changed = take_ports
take_ports()

-- Inside of TLS, and by "Decode As".
pcall(function() DissectorTable.get("tls.port"):add_for_decode_as(uvrpc) end)
by_port:add_for_decode_as(uvrpc)
