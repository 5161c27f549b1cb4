# gnuplot -e "format='svg'" cifar100_width64_figure.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 3.626
point = 1
if (format eq "svg") { set terminal svg size 1008,522 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,1044 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,3.626in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "cifar100_width64_figure" . "." . format
set encoding utf8
set multiplot
set label 1 "Bars: standard deviation over seeds; points of one budget stand side by side. Published: light; from each method's paper, as collected by ReLUPruner (Li et al.," at screen 0.05/width, screen 1 - 3.208/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "AAAI 2026). Second-hand, small: plot data of others (results/published/accuracy.toml)." at screen 0.05/width, screen 1 - 3.318/height left noenhanced font ",11" textcolor rgb "#555555"
set label 3 "[1] CIFAR-100, resnet18; 47,500 of 50,000 training images; schedules not the paper's." at screen 0.05/width, screen 1 - 3.428/height left noenhanced font ",11" textcolor rgb "#555555"
set label 4 "[2] CIFAR-100, resnet18; 47,500 of 50,000 training images." at screen 0.05/width, screen 1 - 3.538/height left noenhanced font ",11" textcolor rgb "#555555"
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
set lmargin at screen 0.450/width
set rmargin at screen 4.750/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 2.650/height
set logscale x
set xlabel "ReLUs, thousands" offset 0,0.4
set ylabel "test accuracy, %" offset 1.5
set xrange [5.51538:724.10000]
set yrange [55.690:80.770]
set key at screen 4.9/width, screen 1 - 0.05/height left top vertical maxrows 40 spacing 1.05
plot keyentry title "measured here", \
     keyentry with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "SNL [1]", \
     keyentry with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "SENet, the whole schedule [2]", \
     keyentry with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 title "falling budget, SNL's losses [1]", \
     keyentry with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 title "SENet from teacher [1]", \
     keyentry with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 title "SENet [1]", \
     keyentry title " ", \
     keyentry title "published, CIFAR-100", \
     keyentry with points lc rgb "#8a8a8a" pt 8 lw 1 ps 0.35*point title "'Our' in a fork of SNL", \
     keyentry with points lc rgb "#9c9c9c" pt 4 lw 1 ps 0.55*point title "AutoReP", \
     keyentry with points lc rgb "#747474" pt 14 lw 1 ps 0.55*point title "CryptoNAS", \
     keyentry with points lc rgb "#8a8a8a" pt 2 lw 1 ps 0.55*point title "DeepReDuce", \
     keyentry with points lc rgb "#9c9c9c" pt 1 lw 1 ps 0.55*point title "ReLUPruner", \
     keyentry with points lc rgb "#747474" pt 3 lw 1 ps 0.35*point title "ReLUPruner, first order", \
     keyentry with points lc rgb "#8a8a8a" pt 6 lw 1 ps 0.35*point title "ReLUPruner, no layer weight", \
     keyentry with points lc rgb "#e18e4c" pt 4 lw 1 ps 0.55*point title "SENet", \
     keyentry with points lc rgb "#9c9c9c" pt 12 lw 1 ps 0.35*point title "SNIP", \
     keyentry with points lc rgb "#4c8bb9" pt 6 lw 1 ps 0.55*point title "SNL", \
     keyentry with points lc rgb "#747474" pt 8 lw 1 ps 0.35*point title "Sphynx", \
     keyentry with points lc rgb "#8a8a8a" pt 4 lw 1 ps 0.35*point title "all ReLUs (DeepReDuce's curve)", \
     keyentry with points lc rgb "#9c9c9c" pt 14 lw 1 ps 0.35*point title "secure_inference", \
     "cifar100_width64_figure.dat" index 5 using 1:2 with points lc rgb "#8a8a8a" pt 8 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 6 using 1:2 with points lc rgb "#9c9c9c" pt 4 lw 1 ps 0.55*point notitle, \
     "cifar100_width64_figure.dat" index 7 using 1:2 with points lc rgb "#747474" pt 14 lw 1 ps 0.55*point notitle, \
     "cifar100_width64_figure.dat" index 8 using 1:2 with points lc rgb "#747474" pt 14 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 9 using 1:2 with points lc rgb "#8a8a8a" pt 2 lw 1 ps 0.55*point notitle, \
     "cifar100_width64_figure.dat" index 10 using 1:2 with points lc rgb "#8a8a8a" pt 2 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 11 using 1:2 with points lc rgb "#9c9c9c" pt 1 lw 1 ps 0.55*point notitle, \
     "cifar100_width64_figure.dat" index 12 using 1:2 with points lc rgb "#9c9c9c" pt 1 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 13 using 1:2 with points lc rgb "#747474" pt 3 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 14 using 1:2 with points lc rgb "#8a8a8a" pt 6 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 15 using 1:2 with points lc rgb "#e18e4c" pt 4 lw 1 ps 0.55*point notitle, \
     "cifar100_width64_figure.dat" index 16 using 1:2 with points lc rgb "#9c9c9c" pt 12 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 17 using 1:2 with points lc rgb "#4c8bb9" pt 6 lw 1 ps 0.55*point notitle, \
     "cifar100_width64_figure.dat" index 18 using 1:2 with points lc rgb "#4c8bb9" pt 6 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 19 using 1:2 with points lc rgb "#747474" pt 8 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 20 using 1:2 with points lc rgb "#8a8a8a" pt 4 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 21 using 1:2 with points lc rgb "#9c9c9c" pt 14 lw 1 ps 0.35*point notitle, \
     "cifar100_width64_figure.dat" index 0 using ($1*0.9649):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "cifar100_width64_figure.dat" index 0 using ($1*0.9649):2 with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 notitle, \
     "cifar100_width64_figure.dat" index 1 using ($1*0.9823):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "cifar100_width64_figure.dat" index 1 using ($1*0.9823):2 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 notitle, \
     "cifar100_width64_figure.dat" index 2 using ($1*1.0000):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "cifar100_width64_figure.dat" index 2 using ($1*1.0000):2 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 notitle, \
     "cifar100_width64_figure.dat" index 3 using ($1*1.0180):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "cifar100_width64_figure.dat" index 3 using ($1*1.0180):2 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 notitle, \
     "cifar100_width64_figure.dat" index 4 using ($1*1.0363):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "cifar100_width64_figure.dat" index 4 using ($1*1.0363):2 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 notitle
unset multiplot
unset output
