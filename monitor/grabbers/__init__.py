"""Child processes that grab frames, so that whatever hangs or crashes in a native library can be killed.

`pool.GrabberPool` keeps them, `source.PooledSource` is the `FrameSource` that asks one. On the other side of the pipe,
`server` forks them and `child` is what they do. docs/design/grabbing.md has the whole picture.
"""
