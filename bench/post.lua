-- Sends the contact form as browsers do, each time with another message. wrk runs it.
-- Arguments: language (sv or ar), characters, e-mail address (may be empty).
local words = { sv = "Våra barns skola ", ar = "مرحبا بكم في " }
local lengths = { sv = 17, ar = 13 }
local boundary = "----portal7b1"
local count, salt, text, email = 0, "", "", ""

function init(arguments)
  local script, characters = arguments[1] or "sv", tonumber(arguments[2] or "300")
  email = arguments[3] or ""
  math.randomseed(os.time())
  salt = string.format("%010d", math.random(1, 2000000000))
  text = string.rep(words[script], math.floor((characters - 20) / lengths[script]))
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
end

local function part(name, value)
  return "--" .. boundary .. "\r\nContent-Disposition: form-data; name=\"" .. name .. "\"\r\n\r\n" .. value .. "\r\n"
end

function request()
  count = count + 1
  local message = salt .. string.format("%09d ", count) .. text
  local body = part("message", message) .. part("email", email) .. part("website", "") .. "--" .. boundary .. "--\r\n"
  return wrk.format(nil, nil, nil, body)
end
