"""The same site in each framework, behind the framework's own test client, and a browser that visits it.

| path | what its view does |
|---|---|
| ``/login`` | starts a login; ``next`` is the return path, ``force`` asks the user, ``styled`` sets options |
| ``/silent`` | starts a login that asks nothing, or says that none is possible |
| ``/embedded`` | shows the QR code inside a page; ``styled`` sets options |
| ``/callback`` | returns the login and its profile as JSON |
| ``/ids`` | the same without a call to WeChat, with headers and a cookie of its own |
| ``/fails`` | raises an exception after the login |
| ``/own`` | has a page of its own for failures |
| ``/popup`` | ends a login in a pop-up window |
| ``/logout`` | ends the login |
| ``/public`` | returns a page that caches may store |
"""
