"""What Redis and Valkey do in one step: scripts, each atomic, of which a kill leaves all or nothing.

A view is one hash: a field ``k`` and the key for each value, ``s`` for its snapshot, and ``n``: while it is made, how
many steps were made of it, and from then on by what name. A script whose answer was lost may be run again.
"""

from hashlib import sha1
from typing import NamedTuple

PLAIN, SNAPSHOT = b"k", b"s"


class Script(NamedTuple):
    """A script, and the digest by which a server that has seen it knows it."""

    text: bytes
    digest: bytes


def script(text: str) -> Script:
    """Name a script as the server does."""
    return Script(text.encode(), sha1(text.encode(), usedforsecurity=False).hexdigest().encode())


# Texts are compared byte by byte, as ``<`` follows the locale of the server.
NEWER = """
local function is_older(value, stored)
    for place = 1, 16 do
        local ours, theirs = string.byte(value, place), string.byte(stored, place)
        if ours ~= theirs then return ours < theirs end
    end
    return false
end
"""

# KEYS: the view. ARGV: a field and a value, again and again. Returns how many took effect.
WRITE = script(
    NEWER
    + """
local effective = 0
for place = 1, #ARGV, 2 do
    local stored = redis.call('HGET', KEYS[1], ARGV[place])
    if not (stored and is_older(ARGV[place + 1], stored)) then
        redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1])
        effective = effective + 1
    end
end
return effective
"""
)

# KEYS: a view that is being made. ARGV: which step this is, how many milliseconds it may lie there, then as above.
# Returns 1, or -1 where it is not as the step before left it: the server lost it.
STAGE = script(
    NEWER
    + """
local made = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
if made == tonumber(ARGV[1]) then return 1 end
if made ~= tonumber(ARGV[1]) - 1 then return -1 end
for place = 3, #ARGV, 2 do
    local stored = redis.call('HGET', KEYS[1], ARGV[place])
    if not (stored and is_older(ARGV[place + 1], stored)) then
        redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1])
    end
end
redis.call('HSET', KEYS[1], 'n', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
)

# KEYS: what was made, the view whose place it takes. ARGV: how many steps that took, its snapshot, a name of its own.
# Returns 1, or -1 as above.
SWITCH = script(
    """
if redis.call('HGET', KEYS[2], 'n') == ARGV[3] then return 1 end
if tonumber(redis.call('HGET', KEYS[1], 'n') or '0') ~= tonumber(ARGV[1]) then return -1 end
redis.call('HSET', KEYS[1], 's', ARGV[2], 'n', ARGV[3])
redis.call('PERSIST', KEYS[1])
redis.call('UNLINK', KEYS[2])
redis.call('RENAME', KEYS[1], KEYS[2])
return 1
"""
)

# KEYS: a view. Returns how many values it has.
COUNT = script(
    """
local others = redis.call('HEXISTS', KEYS[1], 's') + redis.call('HEXISTS', KEYS[1], 'n')
return redis.call('HLEN', KEYS[1]) - others
"""
)
