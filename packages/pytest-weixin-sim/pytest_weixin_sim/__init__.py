"""Simulates WeChat in pytest tests. The fixtures are `weixin_sim`, `weixin_sim_hosts` and `weixin_sim_url`."""

from .connection import SimulatorError
from .world import WeixinSim

__all__ = ["SimulatorError", "WeixinSim"]
