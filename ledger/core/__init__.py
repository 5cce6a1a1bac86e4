"""The pure core: values and functions, no clock, no chance, no input or output. Same inputs, same bytes, on every machine."""
