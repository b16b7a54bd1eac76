"""Where frames come from: one module a kind, all behind `monitor.domain.ports.FrameSource`.

`kinds.SOURCE_KINDS` lists them. `pictures` turns bytes into frames for all of them.
"""
