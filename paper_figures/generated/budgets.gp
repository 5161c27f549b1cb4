# gnuplot -e "format='svg'" budgets.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 2.926
point = 1
if (format eq "svg") { set terminal svg size 1008,421 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,843 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,2.926in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "budgets" . "." . format
set encoding utf8
set multiplot
set label 1 "CIFAR-10, resnet18 width=8; 7,600 of 50,000 training images; schedules not the paper's. Seed 1." at screen 0.05/width, screen 1 - 2.838/height left noenhanced font ",11" textcolor rgb "#555555"
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
set xtics nomirror rotate by 40 right noenhanced font ",10"
set xrange [0.5:17.5]
set lmargin at screen 0.580/width
set rmargin at screen 5.850/width
set tmargin at screen 1 - 0.100/height
set bmargin at screen 1 - 2.150/height
set ylabel "ReLUs (bottom: none)" offset 1.5
set logscale y
set yrange [0.5:2266.0]
unset key
set label 1 "uniform, 5%" at first 17.0000, graph 0.6495 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#009e73"
set label 2 "d = 0.05, 5%" at first 17.0000, graph 0.7245 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#cc79a7"
set label 3 "SENet pre from teacher, 5%" at first 17.0000, graph 0.7995 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#005a9c"
set label 4 "d = 0.2, 5%" at first 17.0000, graph 0.8745 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#56b4e9"
set label 5 "SENet pre from teacher, 15%" at first 17.0000, graph 0.9495 left offset 0.8,0 noenhanced font ",12" textcolor rgb "#d55e00"
plot "budgets.dat" index 0 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "budgets.dat" index 1 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "", \
     "budgets.dat" index 2 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#009e73" pt 9 lw 1 ps 0.55*point dt 2 title "", \
     "budgets.dat" index 3 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point dt 1 title "", \
     "budgets.dat" index 4 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point dt 2 title ""
unset label
unset logscale y
unset multiplot
unset output
