-- GET the paths of the file PAN in turn, with the key of GRIDCITY_BENCH_KEY; each connection begins elsewhere.
local key, paths, at = os.getenv("GRIDCITY_BENCH_KEY"), {}, tonumber(os.getenv("SEED") or "1")
for line in io.lines(os.getenv("PAN")) do paths[#paths + 1] = line end
local headers = { ["Accept-Encoding"] = "gzip", ["Authorization"] = key and ("Bearer " .. key) or nil }
request = function()
  at = at + 1
  return wrk.format("GET", paths[at % #paths + 1], headers)
end
done = function(s, l)
  io.write(string.format("RESULT|%.1f|%.2f|%.2f|%d\n", s.requests / (s.duration / 1e6), l:percentile(50) / 1e3,
    l:percentile(99) / 1e3, s.errors.status + s.errors.read + s.errors.timeout + s.errors.connect))
end
