"""Load the addon into mitmproxy: `mitmdump -s addon/vcr.py`.

Keep this file to these lines: mitmproxy runs it outside `sys.modules`, so relative
imports and dataclasses do not work here, and its folder stays on `sys.path`.
"""

from anyvcr.proxy.addon import Anyvcr

addons = [Anyvcr()]
