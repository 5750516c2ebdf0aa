-- GET the URL again and again, with the key of GRIDCITY_BENCH_KEY; counts answers that are not 2xx.
local key = os.getenv("GRIDCITY_BENCH_KEY")
request = function()
  return wrk.format("GET", nil, key and { ["Authorization"] = "Bearer " .. key } or nil)
end
done = function(s, l)
  io.write(string.format("RESULT|%.1f|%.2f|%.2f|%d\n", s.requests / (s.duration / 1e6), l:percentile(50) / 1e3,
    l:percentile(99) / 1e3, s.errors.status + s.errors.read + s.errors.timeout + s.errors.connect))
end
