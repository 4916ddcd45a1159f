"""Images that no camera took: solid textures from formulas, damaged, lit as height fields and photographed.

All functions work on batches of float32 tensors on any device and draw from a torch.Generator on that device.
"""
