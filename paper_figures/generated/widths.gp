# gnuplot -e "format='svg'" widths.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 3.400
height = 2.956
point = 1
if (format eq "svg") { set terminal svg size 490,426 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 979,851 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 3.400in,2.956in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "widths" . "." . format
set encoding utf8
set multiplot
set label 1 "CIFAR-100, resnet18; 47,500 of 50,000 training images; schedules not the" at screen 0.05/width, screen 1 - 2.538/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "paper's. Means over seeds; bars: standard deviation; points of one place stand" at screen 0.05/width, screen 1 - 2.648/height left noenhanced font ",11" textcolor rgb "#555555"
set label 3 "side by side. Hollow: what its paper has at width 64, as large a share of the" at screen 0.05/width, screen 1 - 2.758/height left noenhanced font ",11" textcolor rgb "#555555"
set label 4 "ReLUs, on all images." at screen 0.05/width, screen 1 - 2.868/height left noenhanced font ",11" textcolor rgb "#555555"
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
set rmargin at screen 2.400/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 2.100/height
set logscale x
set xlabel "width: channels of the first layers" offset 0,0.4
set ylabel "test accuracy, %" offset 1.5
set xtics ("8" 8.0000, "64" 64.0000)
set xrange [6.6667:76.8000]
set yrange [40.369:76.942]
set label 1 "SENet" at first 64.0000, graph 0.8036 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#009e73"
set label 2 "best variant" at first 64.0000, graph 0.8836 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#d55e00"
set label 3 "SNL" at first 64.0000, graph 0.9536 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#005a9c"
unset key
plot "widths.dat" index 0 using ($1*0.9823):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "widths.dat" index 0 using ($1*0.9823):2 with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "widths.dat" index 1 using 1:2 with points lc rgb "#4c8bb9" pt 6 lw 1 ps 0.55*point title "", \
     "widths.dat" index 2 using ($1*1.0000):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "widths.dat" index 2 using ($1*1.0000):2 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "", \
     "widths.dat" index 3 using ($1*1.0180):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "widths.dat" index 3 using ($1*1.0180):2 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 title "", \
     "widths.dat" index 4 using 1:2 with points lc rgb "#4cbb9d" pt 8 lw 1 ps 0.55*point title ""
unset multiplot
unset output
