"""decode.py FOLDER: image files of every kind, each beside what PIL makes of it: FILE.rgb (bytes of convert("RGB")) with
FILE.size ("height width"), and FILE.small, the image resized to 17 rows of 23, bilinear."""

import os
import random
import sys

import numpy
from PIL import Image

folder = sys.argv[1]
random.seed(4)
numpy.random.seed(4)


def made_up(height, width, channels):
    y, x, c = numpy.meshgrid(range(height), range(width), range(channels), indexing="ij")
    smooth = 120 + 80 * numpy.sin(y / 5 + c) + 50 * numpy.cos(x / 7 - c)
    return numpy.clip(smooth + numpy.random.randint(-15, 16, smooth.shape), 0, 255).astype(numpy.uint8)


def keep(name, image, **options):
    path = os.path.join(folder, name)
    image.save(path, **options)
    read = Image.open(path).convert("RGB")
    open(path + ".rgb", "wb").write(read.tobytes())
    open(path + ".size", "w").write(f"{read.height} {read.width}")
    open(path + ".small", "wb").write(read.resize((23, 17), Image.BILINEAR).tobytes())


for number, (height, width) in enumerate([(32, 32), (1, 1), (7, 13), (64, 61), (3, 90), (97, 5)]):
    rgb = Image.fromarray(made_up(height, width, 3))
    tag = f"{height}x{width}"
    keep(f"rgb-{tag}.jpg", rgb, quality=88)
    keep(f"progressive-{tag}.jpg", rgb, quality=70, progressive=True)
    keep(f"444-{tag}.jpg", rgb, quality=95, subsampling=0)
    keep(f"422-{tag}.jpg", rgb, quality=95, subsampling=1)
    keep(f"grey-{tag}.jpg", rgb.convert("L"), quality=90)
    keep(f"cmyk-{tag}.jpg", Image.fromarray(made_up(height, width, 4), "CMYK"), quality=95)
    keep(f"rgb-{tag}.png", rgb)
    keep(f"grey-{tag}.png", rgb.convert("L"))
    keep(f"alpha-{tag}.png", Image.fromarray(made_up(height, width, 4), "RGBA"))
    keep(f"greyalpha-{tag}.png", Image.fromarray(made_up(height, width, 2), "LA"))
    keep(f"palette-{tag}.png", rgb.convert("P", palette=Image.ADAPTIVE, colors=17))
    keep(f"bits-{tag}.png", rgb.convert("1"))
    keep(f"transparent-{tag}.png", rgb.convert("P", palette=Image.ADAPTIVE, colors=9), transparency=3)
