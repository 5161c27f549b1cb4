# gnuplot -e "format='svg'" settling.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 2.586
point = 1
if (format eq "svg") { set terminal svg size 1008,372 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,745 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,2.586in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "settling" . "." . format
set encoding utf8
set multiplot
set label 1 "CIFAR-10, resnet18 width=8; 7,600 of 50,000 training images; schedules not the paper's. Means over seeds; bars: standard deviation; points of one epoch stand side" at screen 0.05/width, screen 1 - 2.388/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "by side. Line without points: two masks that have no ReLU in common." at screen 0.05/width, screen 1 - 2.498/height left noenhanced font ",11" textcolor rgb "#555555"
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
set xtics 1
set xlabel "epoch of mask identification" offset 0,0.4
set xrange [0.5:10.5]
unset key
set yrange [0:*]
set ylabel "NHD to the masks before" offset 1.5
set arrow 1 from graph 0, first 4.5825 to graph 1, first 4.5825 nohead dt 2 lc rgb "#666666"
set lmargin at screen 0.500/width
set rmargin at screen 2.200/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 1.550/height
plot "settling.dat" index 0 using ($1+-0.14):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "settling.dat" index 0 using ($1+-0.14):2 with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):2 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):2 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 notitle, \
     "settling.dat" index 3 using ($1+0.07):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "settling.dat" index 3 using ($1+0.07):2 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):($2-$3):(0):(2*$3) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):2 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 notitle
unset arrow 1
set yrange [0:1.05]
set ytics 0.2
set ylabel "shared with 1 update before" offset 1.5
set lmargin at screen 2.780/width
set rmargin at screen 4.500/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 1.550/height
plot "settling.dat" index 0 using ($1+-0.14):($4-$5):(0):(2*$5) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "settling.dat" index 0 using ($1+-0.14):4 with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):($4-$5):(0):(2*$5) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):4 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):($4-$5):(0):(2*$5) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):4 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 notitle, \
     "settling.dat" index 3 using ($1+0.07):($4-$5):(0):(2*$5) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "settling.dat" index 3 using ($1+0.07):4 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):($4-$5):(0):(2*$5) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):4 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 notitle
set ylabel "shared with 2 updates before"
set lmargin at screen 5.080/width
set rmargin at screen 6.850/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 1.550/height
plot "settling.dat" index 0 using ($1+-0.14):($6-$7):(0):(2*$7) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "settling.dat" index 0 using ($1+-0.14):6 with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):($6-$7):(0):(2*$7) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):6 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):($6-$7):(0):(2*$7) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):6 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 notitle, \
     "settling.dat" index 3 using ($1+0.07):($6-$7):(0):(2*$7) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "settling.dat" index 3 using ($1+0.07):6 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):($6-$7):(0):(2*$7) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):6 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 notitle
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
set tmargin at screen 1 - 2.020/height
set bmargin at screen 1 - 2.160/height
set key noenhanced Left reverse samplen 2 font ",12" at graph 0.5, graph 0.5 center center horizontal maxcols 5 maxrows 1
plot NaN with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "post", \
     NaN with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "SENet", \
     NaN with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 title "gain", \
     NaN with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 title "channels", \
     NaN with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 title "from random weights"
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
