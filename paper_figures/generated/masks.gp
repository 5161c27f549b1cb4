# gnuplot -e "format='svg'" masks.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1100,710 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 11.00in,7.10in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1100,710 font "DejaVu Sans,11" }
set output "masks" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set multiplot layout 3,6 title "ReLUs kept: SENet pre, 5%, seed 1 (dark: many of a pixel's channels keep their ReLU; scale of each layer its own)" . "\n" . "[1] CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images; schedules not the" . "\n" . "paper's" noenhanced font ",10"
unset tics
unset grid
unset key
unset colorbox
set palette defined (0 "#ffffff", 1 "#08306b")
set size ratio -1
set title "relu: 2 of 8,192" noenhanced font ",8"
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 0 matrix with image
set title "layer1.0.relu1: 1 of 8,192" noenhanced font ",8"
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 1 matrix with image
set title "layer1.0.relu2: 1 of 8,192" noenhanced font ",8"
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 2 matrix with image
set title "layer1.1.relu1: 1 of 8,192" noenhanced font ",8"
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 3 matrix with image
set title "layer1.1.relu2: 1 of 8,192" noenhanced font ",8"
set xrange [-0.5:31.5]
set yrange [31.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 4 matrix with image
set title "layer2.0.relu1: 44 of 4,096" noenhanced font ",8"
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:125]
plot "masks.dat" index 5 matrix with image
set title "layer2.0.relu2: 197 of 4,096" noenhanced font ",8"
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:375]
plot "masks.dat" index 6 matrix with image
set title "layer2.1.relu1: 202 of 4,096" noenhanced font ",8"
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:313]
plot "masks.dat" index 7 matrix with image
set title "layer2.1.relu2: 219 of 4,096" noenhanced font ",8"
set xrange [-0.5:15.5]
set yrange [15.5:-0.5]
set cbrange [0:313]
plot "masks.dat" index 8 matrix with image
set title "layer3.0.relu1: 298 of 2,048" noenhanced font ",8"
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:281]
plot "masks.dat" index 9 matrix with image
set title "layer3.0.relu2: 340 of 2,048" noenhanced font ",8"
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:313]
plot "masks.dat" index 10 matrix with image
set title "layer3.1.relu1: 342 of 2,048" noenhanced font ",8"
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:375]
plot "masks.dat" index 11 matrix with image
set title "layer3.1.relu2: 344 of 2,048" noenhanced font ",8"
set xrange [-0.5:7.5]
set yrange [7.5:-0.5]
set cbrange [0:344]
plot "masks.dat" index 12 matrix with image
set title "layer4.0.relu1: 364 of 1,024" noenhanced font ",8"
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:688]
plot "masks.dat" index 13 matrix with image
set title "layer4.0.relu2: 375 of 1,024" noenhanced font ",8"
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:828]
plot "masks.dat" index 14 matrix with image
set title "layer4.1.relu1: 375 of 1,024" noenhanced font ",8"
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:938]
plot "masks.dat" index 15 matrix with image
set title "layer4.1.relu2: 375 of 1,024" noenhanced font ",8"
set xrange [-0.5:3.5]
set yrange [3.5:-0.5]
set cbrange [0:672]
plot "masks.dat" index 16 matrix with image
unset multiplot
unset output
