"""The interfaces of other SDKs, so that their programs run without a change.

:mod:`weixin_login.compat.python_weixin` is that of python-weixin 0.5.0.
"""
