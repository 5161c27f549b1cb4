# gnuplot -e "format='svg'" private_inference_figure.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 5.736
point = 1
if (format eq "svg") { set terminal svg size 1008,826 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,1652 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,5.736in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "private_inference_figure" . "." . format
set encoding utf8
set multiplot
set label 1 "CIFAR-100, resnet18 width=8; 47,500 of 50,000 training images; schedules not the paper's. One network a point, of seed 1; bytes and rounds are measured, latencies" at screen 0.05/width, screen 1 - 5.538/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "computed for a LAN (3000.0 Mb/s, 0.8 ms) and a WAN (200.0 Mb/s, 40.0 ms)." at screen 0.05/width, screen 1 - 5.648/height left noenhanced font ",11" textcolor rgb "#555555"
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
set ylabel "test accuracy, %" offset 1.5
set xrange [0:*]
set offsets 0, graph 0.05, graph 0.05, graph 0.05
unset key
set lmargin at screen 0.500/width
set rmargin at screen 3.350/width
set tmargin at screen 1 - 0.100/height
set bmargin at screen 1 - 1.750/height
set xlabel "bytes of one inference, MB" offset 0,0.4
plot "private_inference_figure.dat" index 0 using 2:1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 1 using 2:1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 2 using 2:1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 3 using 2:1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 4 using 2:1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 5 using 2:1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 6 using 2:1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 7 using 2:1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 8 using 2:1 with points lc rgb "#882255" pt 4 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 9 using 2:1 with points lc rgb "#44aa99" pt 8 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 10 using 2:1 with points lc rgb "#005a9c" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 11 using 2:1 with points lc rgb "#d55e00" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 12 using 2:1 with points lc rgb "#009e73" pt 11 lw 1 ps 0.55*point notitle
unset ylabel
set lmargin at screen 3.950/width
set rmargin at screen 6.800/width
set tmargin at screen 1 - 0.100/height
set bmargin at screen 1 - 1.750/height
set xlabel "rounds of one inference" offset 0,0.4
plot "private_inference_figure.dat" index 0 using 4:1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 1 using 4:1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 2 using 4:1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 3 using 4:1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 4 using 4:1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 5 using 4:1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 6 using 4:1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 7 using 4:1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 8 using 4:1 with points lc rgb "#882255" pt 4 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 9 using 4:1 with points lc rgb "#44aa99" pt 8 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 10 using 4:1 with points lc rgb "#005a9c" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 11 using 4:1 with points lc rgb "#d55e00" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 12 using 4:1 with points lc rgb "#009e73" pt 11 lw 1 ps 0.55*point notitle
set ylabel "test accuracy, %" offset 1.5
set lmargin at screen 0.500/width
set rmargin at screen 3.350/width
set tmargin at screen 1 - 2.350/height
set bmargin at screen 1 - 4.000/height
set xlabel "latency in a LAN, s" offset 0,0.4
plot "private_inference_figure.dat" index 0 using 5:1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 1 using 5:1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 2 using 5:1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 3 using 5:1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 4 using 5:1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 5 using 5:1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 6 using 5:1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 7 using 5:1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 8 using 5:1 with points lc rgb "#882255" pt 4 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 9 using 5:1 with points lc rgb "#44aa99" pt 8 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 10 using 5:1 with points lc rgb "#005a9c" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 11 using 5:1 with points lc rgb "#d55e00" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 12 using 5:1 with points lc rgb "#009e73" pt 11 lw 1 ps 0.55*point notitle
unset ylabel
set lmargin at screen 3.950/width
set rmargin at screen 6.800/width
set tmargin at screen 1 - 2.350/height
set bmargin at screen 1 - 4.000/height
set xlabel "latency in a WAN, s" offset 0,0.4
plot "private_inference_figure.dat" index 0 using 6:1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 1 using 6:1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 2 using 6:1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 3 using 6:1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 4 using 6:1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 5 using 6:1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 6 using 6:1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 7 using 6:1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 8 using 6:1 with points lc rgb "#882255" pt 4 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 9 using 6:1 with points lc rgb "#44aa99" pt 8 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 10 using 6:1 with points lc rgb "#005a9c" pt 5 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 11 using 6:1 with points lc rgb "#d55e00" pt 9 lw 1 ps 0.55*point notitle, \
     "private_inference_figure.dat" index 12 using 6:1 with points lc rgb "#009e73" pt 11 lw 1 ps 0.55*point notitle
unset border
unset xtics
unset ytics
unset xlabel
unset ylabel
unset grid
unset logscale
set offsets 0, 0, 0, 0
set xrange [0:1]
set yrange [0:1]
set lmargin at screen 0.100/width
set rmargin at screen 6.900/width
set tmargin at screen 1 - 4.600/height
set bmargin at screen 1 - 5.300/height
set key noenhanced Left reverse samplen 2 font ",12" at graph 0.5, graph 0.5 center center horizontal maxcols 3 maxrows 5
plot NaN with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point title "all ReLUs", \
     NaN with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point title "SNL", \
     NaN with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point title "falling budget, SNL's losses", \
     NaN with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point title "ReLUPruner", \
     NaN with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point title "AutoReP", \
     NaN with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point title "DeepReDuce", \
     NaN with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point title "coordinate descent", \
     NaN with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point title "SENet from teacher", \
     NaN with points lc rgb "#882255" pt 4 lw 1 ps 0.55*point title "SENet", \
     NaN with points lc rgb "#44aa99" pt 8 lw 1 ps 0.55*point title "SENet, masks by multiply", \
     NaN with points lc rgb "#005a9c" pt 5 lw 1 ps 0.55*point title "SENet, masks by select", \
     NaN with points lc rgb "#d55e00" pt 9 lw 1 ps 0.55*point title "SENet++", \
     NaN with points lc rgb "#009e73" pt 11 lw 1 ps 0.55*point title "uniform"
set xrange [*:*]
set yrange [*:*]
set border 3 lw 0.7
set tics out scale 0.5 font ",12"
set xtics nomirror
set ytics nomirror
set grid ytics lt 1 lw 0.5 lc rgb "#e4e4e4"
unset key
unset multiplot
unset output
