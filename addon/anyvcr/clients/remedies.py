"""The likely cause when a runtime's calls do not come through, by the command's name."""

from collections.abc import Sequence
from pathlib import PurePath

_REMEDIES = {
    ("python", "python3", "pytest", "uv", "tox"): (
        "aiohttp reads the proxy only with trust_env=True, and httpx not with trust_env=False"
    ),
    ("node", "npm", "npx", "yarn", "pnpm", "jest", "vitest"): (
        "our preload comes by NODE_OPTIONS, which Electron and some runners drop"
    ),
    ("deno", "bun"): "their WebSockets read no proxy",
    ("go",): "an http.Transport without Proxy: http.ProxyFromEnvironment goes straight",
    ("java", "mvn", "gradle", "gradlew", "mvnw", "kotlin"): (
        "a Gradle daemon keeps the options it was started with (gradle --stop), and a client "
        "with a proxy or a trust store of its own goes straight"
    ),
    ("cargo",): "reqwest with webpki roots trusts what was compiled in alone",
    ("php", "composer"): "PHP's streams read no proxy, only its curl extension does",
    (
        "ruby",
        "bundle",
        "rspec",
        "rake",
    ): "an HTTP library other than Net::HTTP may read no proxy",
    ("dotnet",): "on macOS and Windows .NET trusts the system's store alone",
    ("mix", "elixir", "iex"): "Mint, Finch and Req read no proxy variables",
    ("swift",): "URLSession trusts the system's store alone",
    ("docker", "podman"): (
        "a container gets none of our variables: see anyvcr env --host and serve --host"
    ),
    ("sudo", "env", "nix", "bazel"): "it strips the environment that we set",
}


def remedy(command: Sequence[str]) -> str | None:
    """The likely cause for the runtime that `command` starts, None for one we do not know."""
    name = PurePath(command[0]).name.lower() if command else ""
    stem = name.rstrip("0123456789.")
    for names, cause in _REMEDIES.items():
        if name in names or stem in names:
            return cause
    return None
