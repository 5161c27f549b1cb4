# gnuplot -e "format='svg'" settling.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 2.586
point = 1
if (format eq "svg") { set terminal svg size 1008,372 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,745 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,2.586in font "DejaVu Sans,14" fontscale 0.5 linewidth 0.8 pointscale 0.8 }
set output "settling" . "." . format
set encoding utf8
set multiplot
set label 1 "CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images; schedules not the paper's. Means over seeds;" at screen 0.05/width, screen 1 - 2.388/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "bars: standard deviation; points of one epoch stand side by side. Dashed: two masks that have no ReLU in common." at screen 0.05/width, screen 1 - 2.498/height left noenhanced font ",11" textcolor rgb "#555555"
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
set errorbars 0.6 lw 0.7
set key noenhanced Left reverse samplen 2 font ",12"
set xtics 1
set xlabel "epoch of mask identification" offset 0,0.4
set offsets 0.3, 0.3, 0, 0
unset key
set yrange [0:*]
set ylabel "NHD to the masks before" offset 1.5
set arrow 1 from graph 0, first 4.5796 to graph 1, first 4.5796 nohead dt 2 lc rgb "#666666"
set lmargin at screen 0.400/width
set rmargin at screen 2.200/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 1.550/height
plot "settling.dat" index 0 using ($1+-0.14):2:3 with yerrorbars lc rgb "#0072b2" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 0 using ($1+-0.14):2 with linespoints lc rgb "#0072b2" pt 7 lw 1 ps 0.55*point dt 1 title "post", \
     "settling.dat" index 1 using ($1+-0.07):2:3 with yerrorbars lc rgb "#d55e00" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):2 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 2 title "pre", \
     "settling.dat" index 2 using ($1+0.00):2:3 with yerrorbars lc rgb "#009e73" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):2 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 4 title "gain", \
     "settling.dat" index 3 using ($1+0.07):2:3 with yerrorbars lc rgb "#cc79a7" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 3 using ($1+0.07):2 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 5 title "channel", \
     "settling.dat" index 4 using ($1+0.14):2:3 with yerrorbars lc rgb "#56b4e9" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):2 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 1 title "channel pre"
unset arrow 1
set yrange [0:1.05]
set ylabel "shared with one update before"
set lmargin at screen 2.750/width
set rmargin at screen 4.500/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 1.550/height
plot "settling.dat" index 0 using ($1+-0.14):4:5 with yerrorbars lc rgb "#0072b2" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 0 using ($1+-0.14):4 with linespoints lc rgb "#0072b2" pt 7 lw 1 ps 0.55*point dt 1 title "post", \
     "settling.dat" index 1 using ($1+-0.07):4:5 with yerrorbars lc rgb "#d55e00" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):4 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 2 title "pre", \
     "settling.dat" index 2 using ($1+0.00):4:5 with yerrorbars lc rgb "#009e73" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):4 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 4 title "gain", \
     "settling.dat" index 3 using ($1+0.07):4:5 with yerrorbars lc rgb "#cc79a7" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 3 using ($1+0.07):4 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 5 title "channel", \
     "settling.dat" index 4 using ($1+0.14):4:5 with yerrorbars lc rgb "#56b4e9" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):4 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 1 title "channel pre"
set ylabel "shared with two updates before"
set key noenhanced Left reverse samplen 2 font ",12"
set key at screen 0.5, screen 1 - 2.020/height top center horizontal maxcols 6 width 1
set lmargin at screen 5.050/width
set rmargin at screen 6.850/width
set tmargin at screen 1 - 0.080/height
set bmargin at screen 1 - 1.550/height
plot "settling.dat" index 0 using ($1+-0.14):6:7 with yerrorbars lc rgb "#0072b2" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 0 using ($1+-0.14):6 with linespoints lc rgb "#0072b2" pt 7 lw 1 ps 0.55*point dt 1 title "post", \
     "settling.dat" index 1 using ($1+-0.07):6:7 with yerrorbars lc rgb "#d55e00" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 1 using ($1+-0.07):6 with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 2 title "pre", \
     "settling.dat" index 2 using ($1+0.00):6:7 with yerrorbars lc rgb "#009e73" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 2 using ($1+0.00):6 with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 4 title "gain", \
     "settling.dat" index 3 using ($1+0.07):6:7 with yerrorbars lc rgb "#cc79a7" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 3 using ($1+0.07):6 with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 5 title "channel", \
     "settling.dat" index 4 using ($1+0.14):6:7 with yerrorbars lc rgb "#56b4e9" pt 0 ps 0 lw 1 notitle, \
     "settling.dat" index 4 using ($1+0.14):6 with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 1 title "channel pre"
unset multiplot
unset output
