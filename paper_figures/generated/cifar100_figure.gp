# gnuplot -e "format='svg'" cifar100_figure.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 3.406
point = 1
if (format eq "svg") { set terminal svg size 1008,490 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,981 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,3.406in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "cifar100_figure" . "." . format
set encoding utf8
set multiplot
set label 1 "CIFAR-100, resnet18 width=8; 47,500 of 50,000 training images; schedules not the paper's. Bars: standard deviation over seeds; points of one budget stand side by" at screen 0.05/width, screen 1 - 3.208/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "side." at screen 0.05/width, screen 1 - 3.318/height left noenhanced font ",11" textcolor rgb "#555555"
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
set xrange [2.36308:90.52160]
set yrange [30.710:58.866]
set key at screen 4.9/width, screen 1 - 0.05/height left top vertical maxrows 40 spacing 1.05
plot keyentry title "measured here", \
     keyentry with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "all ReLUs", \
     keyentry with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "AutoReP", \
     keyentry with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 title "SNL", \
     keyentry with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 title "best variant of SENet", \
     keyentry with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 title "ReLUPruner", \
     keyentry with linespoints lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point dt 3 title "DeepReDuce", \
     keyentry with linespoints lc rgb "#000000" pt 3 lw 1 ps 0.55*point dt 2 title "SENet from teacher", \
     keyentry with linespoints lc rgb "#777777" pt 1 lw 1 ps 0.55*point dt 3 title "SENet", \
     keyentry with linespoints lc rgb "#882255" pt 4 lw 1 ps 0.55*point dt 4 title "coordinate descent", \
     keyentry with linespoints lc rgb "#44aa99" pt 8 lw 1 ps 0.55*point dt 4 title "SENet++", \
     keyentry with linespoints lc rgb "#005a9c" pt 5 lw 1 ps 0.55*point dt 1 title "uniform", \
     "cifar100_figure.dat" index 0 using ($1*0.9147):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "cifar100_figure.dat" index 0 using ($1*0.9147):2 with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 notitle, \
     "cifar100_figure.dat" index 1 using ($1*0.9311):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "cifar100_figure.dat" index 1 using ($1*0.9311):2 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 notitle, \
     "cifar100_figure.dat" index 2 using ($1*0.9479):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "cifar100_figure.dat" index 2 using ($1*0.9479):2 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 notitle, \
     "cifar100_figure.dat" index 3 using ($1*0.9649):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "cifar100_figure.dat" index 3 using ($1*0.9649):2 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 notitle, \
     "cifar100_figure.dat" index 4 using ($1*0.9823):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "cifar100_figure.dat" index 4 using ($1*0.9823):2 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 notitle, \
     "cifar100_figure.dat" index 5 using ($1*1.0000):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#e69f00" lw 1 notitle, \
     "cifar100_figure.dat" index 5 using ($1*1.0000):2 with linespoints lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point dt 3 notitle, \
     "cifar100_figure.dat" index 6 using ($1*1.0180):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#000000" lw 1 notitle, \
     "cifar100_figure.dat" index 6 using ($1*1.0180):2 with linespoints lc rgb "#000000" pt 3 lw 1 ps 0.55*point dt 2 notitle, \
     "cifar100_figure.dat" index 7 using ($1*1.0363):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#777777" lw 1 notitle, \
     "cifar100_figure.dat" index 7 using ($1*1.0363):2 with linespoints lc rgb "#777777" pt 1 lw 1 ps 0.55*point dt 3 notitle, \
     "cifar100_figure.dat" index 8 using ($1*1.0550):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#882255" lw 1 notitle, \
     "cifar100_figure.dat" index 8 using ($1*1.0550):2 with linespoints lc rgb "#882255" pt 4 lw 1 ps 0.55*point dt 4 notitle, \
     "cifar100_figure.dat" index 9 using ($1*1.0740):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#44aa99" lw 1 notitle, \
     "cifar100_figure.dat" index 9 using ($1*1.0740):2 with linespoints lc rgb "#44aa99" pt 8 lw 1 ps 0.55*point dt 4 notitle, \
     "cifar100_figure.dat" index 10 using ($1*1.0933):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "cifar100_figure.dat" index 10 using ($1*1.0933):2 with linespoints lc rgb "#005a9c" pt 5 lw 1 ps 0.55*point dt 1 notitle
unset multiplot
unset output
