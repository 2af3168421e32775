"""Benchmarks of single parts: `PYTHONPATH=$PWD/scripts:$PWD/tests python -m benchmarks.micro.NAME`."""
