"""The lab: a page on this machine where the real thing is trained, watched and drawn for.

Nothing is imported here: the web server's libraries are for `digitlab lab` alone.
"""
