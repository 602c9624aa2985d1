-- Sends one alert a request, every one different, and prints one line of JSON at the end.
-- Arguments: "webhook" (Alertmanager's webhook body) or "api" (the body of Alertmanager's own API), and a start number.
local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local shape, n

function init(args)
  shape = args[1]
  n = tonumber(args[2]) + id * 50000000
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

local webhook = '{"version":"4","groupKey":"{}:{alertname=\\"BenchAlert\\", instance=\\"host-%08x\\"}",'
  .. '"truncatedAlerts":0,"status":"firing","receiver":"countersign","groupLabels":{"alertname":"BenchAlert",'
  .. '"instance":"host-%08x"},"commonLabels":{"alertname":"BenchAlert","instance":"host-%08x","job":"node",'
  .. '"severity":"warning"},"commonAnnotations":{"summary":"host-%08x is slow","description":"Its load has been '
  .. 'above 4 for 10 minutes."},"externalURL":"http://alertmanager:9093","alerts":[{"status":"firing","labels":'
  .. '{"alertname":"BenchAlert","instance":"host-%08x","job":"node","severity":"warning"},"annotations":'
  .. '{"summary":"host-%08x is slow","description":"Its load has been above 4 for 10 minutes."},'
  .. '"startsAt":"2025-10-24T%02d:%02d:%02d.%03dZ","endsAt":"0001-01-01T00:00:00Z",'
  .. '"generatorURL":"http://prometheus:9090/graph?g0.expr=node_load1+%%3E+4","fingerprint":"%016x"}]}'

local api = '[{"labels":{"alertname":"BenchAlert","instance":"host-%08x","job":"node","severity":"warning"},'
  .. '"annotations":{"summary":"host-%08x is slow","description":"Its load has been above 4 for 10 minutes."},'
  .. '"generatorURL":"http://prometheus:9090/graph?g0.expr=node_load1+%%3E+4"}]'

function request()
  n = n + 1
  if shape == "api" then
    return wrk.format(nil, nil, nil, string.format(api, n, n))
  end
  local second = math.floor(n / 1000)
  local h, m, s = math.floor(second / 3600) % 24, math.floor(second / 60) % 60, second % 60
  return wrk.format(nil, nil, nil, string.format(webhook, n, n, n, n, n, n, h, m, s, n % 1000, n))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.status, e.connect + e.read + e.write + e.timeout))
end
