--[[
Has datasets in the cache before a job starts: beside slurm.conf, with BurstBufferType=burst_buffer/lua.

  #BB_LUA dataset=imagenet@v3 keep=6h deadline=2h

The job stays pending until all of them is held, and finds them below $LARDER_PATH where Prolog mounts them. Once it
has ended, its data may be evicted.

Always true: no string of a user is part of a command; a directive is refused at submission, or has the characters of
`parse` and no others. Whatever fails after that is logged, and the job starts, cold.
]]

local CONF = '/etc/larder/slurm.conf'
-- How often slurmctld asks where it cannot itself come back later (22.05): a job starts up to so much late.
local POLL = '/bin/sleep 5'
local CURL = "/usr/bin/curl --silent --show-error --noproxy '*' --max-time 10 "
  .. "--header 'accept: text/plain' --header 'content-type: application/json' "
local LIMIT = 16

local NAME = '^[%w][%w._-]*$'
local TIME = '^%d+[smhd]$'

local function log(format, ...)
  slurm.log_info('larder: ' .. format, ...)
end

local function settings()
  local found = { http = 'http://127.0.0.1:7480', prefix = 'slurm', jobs = '/run/larder/jobs' }
  local file = io.open(CONF, 'r')
  if file then
    for line in file:lines() do
      local key, value = line:match('^%s*(%w+)%s*=%s*(%S+)%s*$')
      if key then found[key] = value end
    end
    file:close()
  end
  local isGood = found.http:match('^https?://[%w.:%[%]-]+$') and found.prefix:match('^%w[%w-]*$')
    and found.jobs:match('^/[%w/._-]+$')
  return isGood and found or nil
end

-- NAME or NAME@vN
local function isReference(text)
  local name, version = text:match('^([^@]*)@v?([^@]*)$')
  if not name then return #text <= 128 and text:match(NAME) ~= nil end
  return #name <= 128 and name:match(NAME) ~= nil and #version <= 9 and version:match('^[1-9]%d*$') ~= nil
end

-- One line of directives: a table, or what is wrong with it.
local function parse(line)
  local stage = {}
  for word in line:gmatch('%S+') do
    local key, value = word:match('^(%l+)=(.+)$')
    if key == 'dataset' and isReference(value) then stage.dataset = value
    elseif (key == 'keep' or key == 'deadline') and #value <= 9 and value:match(TIME) then stage[key] = value
    else return nil, 'expected: dataset=NAME[@vN] [keep=6h] [deadline=2h]' end
  end
  if not stage.dataset then return nil, 'expected: dataset=NAME' end
  return stage
end

-- Those of a job's script, up to the first that is wrong.
local function stagesOf(script)
  local stages = {}
  local file = io.open(script, 'r')
  if not file then return nil, 'its script cannot be read' end
  for line in file:lines() do
    local rest = line:match('^#BB_LUA%s+(.*)$')
    -- Of the plugin itself, not ours.
    if rest and not rest:match('^pool=') and not rest:match('^capacity=') then
      local stage, why = parse(rest)
      if stage then stages[#stages + 1] = stage
      else
        file:close()
        return nil, why
      end
    end
  end
  file:close()
  if #stages > LIMIT then return nil, 'more than ' .. LIMIT .. ' datasets' end
  return stages
end

-- The body goes through a pipe, and the answer through a file whose name the C library has made.
local function ask(path, body)
  local found = settings()
  if not found then return nil, CONF .. ' is not valid' end
  local answer = os.tmpname()
  if not answer:match('^/tmp/lua_%w+$') then return nil, 'no name for a temporary file' end
  local command = CURL .. (body and '--data-binary @- ' or '') .. found.http .. path .. ' >' .. answer .. ' 2>&1'
  local pipe = io.popen(command, 'w')
  if pipe then
    pipe:write(body or '')
    pipe:close()
  end
  local file = io.open(answer, 'r')
  local text = file and file:read('*a') or ''
  if file then file:close() end
  os.remove(answer)
  return text
end

local function keyOf(job_id)
  local found = settings()
  local number = tostring(job_id):match('^%d+$')
  return found and number and (found.prefix .. '-' .. number) or nil
end

-- `running`, `complete`, …, or nothing and why.
local function stateOf(job_id)
  local key = keyOf(job_id)
  if not key then return nil, CONF .. ' is not valid' end
  local text, why = ask('/v1/hooks/stage/' .. key)
  local state = text and text:match('^(%l+)\n')
  if state then return state, text end
  return nil, why or text
end

local function isLoading(job_id)
  local state, why = stateOf(job_id)
  if state == 'running' then return true end
  if state == 'complete' then log('job %s: its datasets are held', tostring(job_id))
  else log('job %s starts cold: %s', tostring(job_id), tostring(why):gsub('%c', ' '):sub(1, 500)) end
  return false
end

function slurm_bb_job_process(job_script)
  local stages, why = stagesOf(job_script)
  if stages then return slurm.SUCCESS end
  return slurm.ERROR, 'larder: #BB_LUA: ' .. why
end

function slurm_bb_pools()
  return slurm.SUCCESS, '{"pools":[{"id":"larder","quantity":1,"granularity":1}]}'
end

function slurm_bb_setup()
  return slurm.SUCCESS
end

function slurm_bb_data_in(job_id, job_script)
  local key = keyOf(job_id)
  local stages, why = stagesOf(job_script)
  for _, stage in ipairs(key and stages or {}) do
    local body = '{"job":"' .. key .. '"'
    for name, value in pairs(stage) do body = body .. ',"' .. name .. '":"' .. value .. '"' end
    local text, problem = ask('/v1/hooks/stage', body .. '}')
    if not text or not text:match('^%l+\n') then why = problem or text end
  end
  if why then log('job %s: %s', tostring(job_id), tostring(why):gsub('%c', ' '):sub(1, 500)) end
  -- From 23.02 on the plugin itself asks slurm_bb_test_data_in.
  if slurm.SLURM_BB_BUSY == nil then
    while isLoading(job_id) do os.execute(POLL) end
  end
  return slurm.SUCCESS
end

function slurm_bb_test_data_in(job_id)
  if isLoading(job_id) then return slurm.SUCCESS, slurm.SLURM_BB_BUSY end
  return slurm.SUCCESS
end

function slurm_bb_real_size()
  return slurm.SUCCESS
end

function slurm_bb_paths(job_id, job_script, path_file)
  local found = settings()
  local stages = stagesOf(job_script)
  local number = tostring(job_id):match('^%d+$')
  local file = found and stages and number and io.open(path_file, 'w')
  if file then
    for i, stage in ipairs(stages) do
      local name = stage.dataset:match('^[^@]*')
      local path = found.jobs .. '/' .. number .. '/' .. name
      if i == 1 then file:write('LARDER_PATH=' .. path .. '\n') end
      file:write('LARDER_PATH_' .. name:upper():gsub('[^%w]', '_') .. '=' .. path .. '\n')
    end
    file:close()
  end
  return slurm.SUCCESS
end

function slurm_bb_pre_run()
  return slurm.SUCCESS
end

function slurm_bb_post_run()
  return slurm.SUCCESS
end

function slurm_bb_data_out()
  return slurm.SUCCESS
end

function slurm_bb_test_data_out()
  return slurm.SUCCESS
end

-- At the end of a job, and when it is cancelled: also while it waits.
function slurm_bb_job_teardown(job_id)
  local key = keyOf(job_id)
  local text, why
  if key then text, why = ask('/v1/hooks/release', '{"job":"' .. key .. '"}') end
  if not text or not text:match('released') then
    log('job %s is not released, what it keeps ends by itself: %s', tostring(job_id), tostring(why or text))
  end
  return slurm.SUCCESS
end

function slurm_bb_get_status()
  return slurm.SUCCESS, 'larder: see `larder preloads list`\n'
end
