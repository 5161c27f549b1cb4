# gnuplot -e "format='svg'" quickstart.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 4.476
point = 1
if (format eq "svg") { set terminal svg size 1008,645 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,1289 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,4.476in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "quickstart" . "." . format
set encoding utf8
set multiplot
set label 1 "resnet18 width=8 on fashion_mnist, seed 1." at screen 0.05/width, screen 1 - 4.388/height left noenhanced font ",11" textcolor rgb "#555555"
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
set tmargin at screen 1 - 0.020/height
set bmargin at screen 1 - 0.160/height
set key noenhanced Left reverse samplen 2 font ",12" at graph 0.5, graph 0.5 center center horizontal maxcols 3 maxrows 1
plot NaN with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "ReLU sensitivity", \
     NaN with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "pruning sensitivity"
set xrange [*:*]
set yrange [*:*]
set border 3 lw 0.7
set tics out scale 0.5 font ",12"
set xtics nomirror
set ytics nomirror
set grid ytics lt 1 lw 0.5 lc rgb "#e4e4e4"
unset key
set xtics nomirror rotate by 40 right noenhanced font ",10"
set lmargin at screen 0.580/width
set rmargin at screen 5.100/width
set tmargin at screen 1 - 0.400/height
set bmargin at screen 1 - 1.600/height
set label 1 "sensitivity of each layer" at graph 0, graph 1 left offset 0,0.7 noenhanced font ",13"
set ylabel "sensitivity" offset 1.5
set yrange [0:1.05]
set ytics 0.5
set xrange [0.5:17.5]
unset key
plot "quickstart.dat" index 0 using 1:4:xtic("") with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "quickstart.dat" index 0 using 1:3:xtic("") with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title ""
unset label 1
set ytics autofreq
set xtics nomirror rotate by 40 right noenhanced font ",10"
set xrange [0.5:17.5]
set lmargin at screen 0.580/width
set rmargin at screen 5.100/width
set tmargin at screen 1 - 2.000/height
set bmargin at screen 1 - 3.750/height
set label 99 "ReLUs kept in each layer" at graph 0, graph 1 left offset 0,0.7 font ",13"
set ylabel "ReLUs (bottom: none)" offset 1.5
set logscale y
set yrange [0.5:944.0]
unset key
set label 1 "senet sensitivity.plugin=uniform, 2.5%" at first 17.0000, graph 0.6602 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#009e73"
set label 2 "senet, 2.5%" at first 17.0000, graph 0.7352 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#005a9c"
set label 3 "senet sensitivity.plugin=uniform, 10%" at first 17.0000, graph 0.8446 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#cc79a7"
set label 4 "senet, 10%" at first 17.0000, graph 0.9196 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#d55e00"
plot "quickstart.dat" index 1 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "quickstart.dat" index 2 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "", \
     "quickstart.dat" index 3 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 title "", \
     "quickstart.dat" index 4 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 title ""
unset label
unset logscale y
unset multiplot
unset output
