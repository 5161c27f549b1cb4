# gnuplot -e "format='svg'" masks.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 4.526
point = 1
if (format eq "svg") { set terminal svg size 1008,652 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,1303 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,4.526in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "masks" . "." . format
set encoding utf8
set multiplot
set label 1 "SNL's counts, 5%, seed 1: the share of channels that keep their ReLU at each pixel, from none (white) to the most in the layer (dark); below a name, ReLUs kept of" at screen 0.05/width, screen 1 - 4.328/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "all. CIFAR-10, resnet18 width=8; 7,600 of 50,000 training images; schedules not the paper's." at screen 0.05/width, screen 1 - 4.438/height left noenhanced font ",11" textcolor rgb "#555555"
unset border
unset tics
unset key
set xrange [0:1]
set yrange [0:1]
plot NaN notitle
unset label
set xrange [*:*]
set yrange [*:*]
set border 3 lw 0.7
set tics out scale 0.5 font ",12"
set xtics nomirror
set ytics nomirror
set grid ytics lt 1 lw 0.5 lc rgb "#e4e4e4"
set key noenhanced Left reverse samplen 2 font ",12"
unset xtics
unset ytics
unset grid
unset key
unset colorbox
set border 15 lw 0.5 lc rgb "#888888"
set palette defined (0 "#ffffff", 1 "#08306b")
set lmargin at screen 0.060/width
set rmargin at screen 1.060/width
set tmargin at screen 1 - 0.300/height
set bmargin at screen 1 - 1.300/height
set title "relu" . "\n" . "100 of 8,192" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:500]
plot "masks.dat" index 0 matrix with image
set lmargin at screen 1.220/width
set rmargin at screen 2.220/width
set tmargin at screen 1 - 0.300/height
set bmargin at screen 1 - 1.300/height
set title "layer1.0.relu1" . "\n" . "0 of 8,192" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:1]
plot "masks.dat" index 1 matrix with image
set lmargin at screen 2.380/width
set rmargin at screen 3.380/width
set tmargin at screen 1 - 0.300/height
set bmargin at screen 1 - 1.300/height
set title "layer1.0.relu2" . "\n" . "0 of 8,192" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:1]
plot "masks.dat" index 2 matrix with image
set lmargin at screen 3.540/width
set rmargin at screen 4.540/width
set tmargin at screen 1 - 0.300/height
set bmargin at screen 1 - 1.300/height
set title "layer1.1.relu1" . "\n" . "0 of 8,192" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:1]
plot "masks.dat" index 3 matrix with image
set lmargin at screen 4.700/width
set rmargin at screen 5.700/width
set tmargin at screen 1 - 0.300/height
set bmargin at screen 1 - 1.300/height
set title "layer1.1.relu2" . "\n" . "50 of 8,192" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:250]
plot "masks.dat" index 4 matrix with image
set lmargin at screen 5.860/width
set rmargin at screen 6.860/width
set tmargin at screen 1 - 0.300/height
set bmargin at screen 1 - 1.300/height
set title "layer2.0.relu1" . "\n" . "421 of 4,096" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:563]
plot "masks.dat" index 5 matrix with image
set lmargin at screen 0.060/width
set rmargin at screen 1.060/width
set tmargin at screen 1 - 1.680/height
set bmargin at screen 1 - 2.680/height
set title "layer2.0.relu2" . "\n" . "805 of 4,096" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:625]
plot "masks.dat" index 6 matrix with image
set lmargin at screen 1.220/width
set rmargin at screen 2.220/width
set tmargin at screen 1 - 1.680/height
set bmargin at screen 1 - 2.680/height
set title "layer2.1.relu1" . "\n" . "234 of 4,096" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:250]
plot "masks.dat" index 7 matrix with image
set lmargin at screen 2.380/width
set rmargin at screen 3.380/width
set tmargin at screen 1 - 1.680/height
set bmargin at screen 1 - 2.680/height
set title "layer2.1.relu2" . "\n" . "2 of 4,096" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 8 matrix with image
set lmargin at screen 3.540/width
set rmargin at screen 4.540/width
set tmargin at screen 1 - 1.680/height
set bmargin at screen 1 - 2.680/height
set title "layer3.0.relu1" . "\n" . "295 of 2,048" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:281]
plot "masks.dat" index 9 matrix with image
set lmargin at screen 4.700/width
set rmargin at screen 5.700/width
set tmargin at screen 1 - 1.680/height
set bmargin at screen 1 - 2.680/height
set title "layer3.0.relu2" . "\n" . "303 of 2,048" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:313]
plot "masks.dat" index 10 matrix with image
set lmargin at screen 5.860/width
set rmargin at screen 6.860/width
set tmargin at screen 1 - 1.680/height
set bmargin at screen 1 - 2.680/height
set title "layer3.1.relu1" . "\n" . "119 of 2,048" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:156]
plot "masks.dat" index 11 matrix with image
set lmargin at screen 0.060/width
set rmargin at screen 1.060/width
set tmargin at screen 1 - 3.060/height
set bmargin at screen 1 - 4.060/height
set title "layer3.1.relu2" . "\n" . "84 of 2,048" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 12 matrix with image
set lmargin at screen 1.220/width
set rmargin at screen 2.220/width
set tmargin at screen 1 - 3.060/height
set bmargin at screen 1 - 4.060/height
set title "layer4.0.relu1" . "\n" . "195 of 1,024" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:438]
plot "masks.dat" index 13 matrix with image
set lmargin at screen 2.380/width
set rmargin at screen 3.380/width
set tmargin at screen 1 - 3.060/height
set bmargin at screen 1 - 4.060/height
set title "layer4.0.relu2" . "\n" . "488 of 1,024" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:828]
plot "masks.dat" index 14 matrix with image
set lmargin at screen 3.540/width
set rmargin at screen 4.540/width
set tmargin at screen 1 - 3.060/height
set bmargin at screen 1 - 4.060/height
set title "layer4.1.relu1" . "\n" . "74 of 1,024" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:313]
plot "masks.dat" index 15 matrix with image
set lmargin at screen 4.700/width
set rmargin at screen 5.700/width
set tmargin at screen 1 - 3.060/height
set bmargin at screen 1 - 4.060/height
set title "layer4.1.relu2" . "\n" . "311 of 1,024" noenhanced font ",11" offset 0,-0.75
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:578]
plot "masks.dat" index 16 matrix with image
unset multiplot
unset output
