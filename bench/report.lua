-- POST reports at places of the city, each under an id of its own.
-- POINTS: file of "lon lat"; SHAPE: gridcity | floor; PHOTO: a JPEG whose comment holds 32 letters X (optional).
-- With a photograph GridCity takes two requests: the photograph, and once it has arrived the report; a pair counts once.
-- SEED: another one for each run, or identifiers would repeat.
math.randomseed(tonumber(os.getenv("SEED")))
local points = {}
for line in io.lines(os.getenv("POINTS")) do points[#points + 1] = line end
local key, class = os.getenv("GRIDCITY_BENCH_KEY"), os.getenv("CLASS_ID")
local shape, photo = os.getenv("SHAPE"), nil
if os.getenv("PHOTO") then
  local file = io.open(os.getenv("PHOTO"), "rb")
  photo = file:read("*a")
  file:close()
end
local function hex(n)
  local s = {}
  for i = 1, n do s[i] = string.format("%x", math.random(0, 15)) end
  return table.concat(s)
end
local function uuid() return hex(8) .. "-" .. hex(4) .. "-4" .. hex(3) .. "-a" .. hex(3) .. "-" .. hex(12) end
local function own_photo()
  local from = photo:find(string.rep("X", 32), 1, true)
  return photo:sub(1, from - 1) .. hex(32) .. photo:sub(from + 32)
end
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. (key or "") }
local picture = { ["Content-Type"] = "image/jpeg", ["Authorization"] = "Bearer " .. (key or "") }
local arrived = {}
request = function()
  local lon, lat = points[math.random(#points)]:match("(%S+) (%S+)")
  if shape == "floor" then
    local q = string.format("?lon=%s&lat=%s&class_code=%d&client_id=%s", lon, lat, math.random(0, 199), uuid())
    if photo then return wrk.format("POST", "/sql" .. q, picture, own_photo()) end
    return wrk.format("POST", "/sql" .. q, headers, "{}")
  end
  if photo and #arrived == 0 then
    return wrk.format("PUT", "/api/v1/photos/" .. uuid() .. "?kind=report", picture, own_photo())
  end
  local shown = photo and ('"' .. table.remove(arrived) .. '"') or ""
  local body = string.format(
    '{"id":"%s","class_id":%s,"lon":%s,"lat":%s,"datum":"wgs84","source":"inspector","accuracy_m":6,"text":"broken cover near the gate","photos":[%s],"device_at":"%s"}',
    uuid(), class, lon, lat, shown, os.date("!%Y-%m-%dT%H:%M:%SZ"))
  return wrk.format("POST", "/api/v1/reports", headers, body)
end
if photo and shape ~= "floor" then
  response = function(status, _, body)
    local id = body:match('"id": ?"([%x-]+)", ?"sha256"')
    if id then arrived[#arrived + 1] = id end
  end
end
done = function(s, l)
  local each = (photo and shape ~= "floor") and 2 or 1
  io.write(string.format("RESULT|%.1f|%.2f|%.2f|%d\n", s.requests / each / (s.duration / 1e6), l:percentile(50) / 1e3,
    l:percentile(99) / 1e3, s.errors.status + s.errors.read + s.errors.timeout + s.errors.connect))
end
