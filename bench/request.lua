-- wrk's script: sends the prepared requests of a file in turn, each with a key of its own, and prints the result as JSON.
-- Arguments after `--`: the file, and a name of this run that no other run has.
-- The file: requests as they go over the wire, each ended by a zero byte, "@KEY@" where the key belongs.

local threads = {}

function setup(thread)
   thread:set("number", #threads + 1)
   table.insert(threads, thread)
end

function init(args)
   local file = assert(io.open(args[1], "rb"))
   local text = file:read("*a")
   file:close()
   heads, tails, sent = {}, {}, 0
   for whole in text:gmatch("([^%z]+)%z") do
      local first, last = whole:find("@KEY@", 1, true)
      table.insert(heads, first and whole:sub(1, first - 1) or whole)
      table.insert(tails, first and whole:sub(last + 1) or false)
   end
   prefix = args[2] .. "-" .. number .. "-"
end

function request()
   local at = sent % #heads + 1
   sent = sent + 1
   if tails[at] then
      return heads[at] .. prefix .. sent .. tails[at]
   end
   return heads[at]
end

function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format(
      '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      e.connect + e.read + e.write + e.status + e.timeout))
end
