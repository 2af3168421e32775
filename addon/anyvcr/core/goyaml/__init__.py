"""What go.yaml.in/yaml/v4 does, byte for byte.

Knows YAML and nothing of cassettes. Start at `emitter` (writing) and `nodes` (reading).
"""
