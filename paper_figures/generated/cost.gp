# gnuplot -e "format='svg'" cost.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 5.366
point = 1
if (format eq "svg") { set terminal svg size 1008,773 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,1545 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,5.366in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "cost" . "." . format
set encoding utf8
set multiplot
set label 1 "CIFAR-10, resnet18 width=8; 7,600 of 50,000 training images; schedules not the paper's. Small grey diamonds: linear layers, scaled by multiply-accumulates from" at screen 0.05/width, screen 1 - 5.058/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "resnet18. Bars: standard deviation over seeds; points of one budget stand side by side. Costs of a ReLU and of linear layers: Garimella et al., ASPLOS 2023" at screen 0.05/width, screen 1 - 5.168/height left noenhanced font ",11" textcolor rgb "#555555"
set label 3 "(ResNet18 on CIFAR-10, 557,056 ReLUs, client garbles)." at screen 0.05/width, screen 1 - 5.278/height left noenhanced font ",11" textcolor rgb "#555555"
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
set logscale x
set format x "%g"
set ylabel "test accuracy, %" offset 1.5
set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05
unset key
set lmargin at screen 0.500/width
set rmargin at screen 3.350/width
set tmargin at screen 1 - 0.100/height
set bmargin at screen 1 - 1.750/height
set xlabel "online latency, s" offset 0,0.4
plot "cost.dat" index 0 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 1 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 2 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 3 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 4 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 5 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 6 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 7 using 3:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 0 using ($2*0.9395):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "cost.dat" index 0 using ($2*0.9395):1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 1 using ($2*0.9564):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "cost.dat" index 1 using ($2*0.9564):1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 2 using ($2*0.9736):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "cost.dat" index 2 using ($2*0.9736):1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 3 using ($2*0.9911):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "cost.dat" index 3 using ($2*0.9911):1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 4 using ($2*1.0090):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "cost.dat" index 4 using ($2*1.0090):1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 5 using ($2*1.0271):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#e69f00" lw 1 notitle, \
     "cost.dat" index 5 using ($2*1.0271):1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 6 using ($2*1.0456):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#000000" lw 1 notitle, \
     "cost.dat" index 6 using ($2*1.0456):1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 7 using ($2*1.0644):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#777777" lw 1 notitle, \
     "cost.dat" index 7 using ($2*1.0644):1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle
unset ylabel
set lmargin at screen 3.950/width
set rmargin at screen 6.800/width
set tmargin at screen 1 - 0.100/height
set bmargin at screen 1 - 1.750/height
set xlabel "offline latency, s" offset 0,0.4
plot "cost.dat" index 0 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 1 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 2 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 3 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 4 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 5 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 6 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 7 using 5:1 with points lc rgb "#999999" pt 12 ps 0.4*point notitle, \
     "cost.dat" index 0 using ($4*0.9395):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "cost.dat" index 0 using ($4*0.9395):1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 1 using ($4*0.9564):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "cost.dat" index 1 using ($4*0.9564):1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 2 using ($4*0.9736):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "cost.dat" index 2 using ($4*0.9736):1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 3 using ($4*0.9911):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "cost.dat" index 3 using ($4*0.9911):1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 4 using ($4*1.0090):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "cost.dat" index 4 using ($4*1.0090):1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 5 using ($4*1.0271):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#e69f00" lw 1 notitle, \
     "cost.dat" index 5 using ($4*1.0271):1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 6 using ($4*1.0456):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#000000" lw 1 notitle, \
     "cost.dat" index 6 using ($4*1.0456):1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 7 using ($4*1.0644):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#777777" lw 1 notitle, \
     "cost.dat" index 7 using ($4*1.0644):1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle
set ylabel "test accuracy, %" offset 1.5
set lmargin at screen 0.500/width
set rmargin at screen 3.350/width
set tmargin at screen 1 - 2.350/height
set bmargin at screen 1 - 4.000/height
set xlabel "online communication of ReLUs, MB" offset 0,0.4
plot "cost.dat" index 0 using ($6*0.9395):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "cost.dat" index 0 using ($6*0.9395):1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 1 using ($6*0.9564):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "cost.dat" index 1 using ($6*0.9564):1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 2 using ($6*0.9736):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "cost.dat" index 2 using ($6*0.9736):1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 3 using ($6*0.9911):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "cost.dat" index 3 using ($6*0.9911):1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 4 using ($6*1.0090):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "cost.dat" index 4 using ($6*1.0090):1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 5 using ($6*1.0271):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#e69f00" lw 1 notitle, \
     "cost.dat" index 5 using ($6*1.0271):1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 6 using ($6*1.0456):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#000000" lw 1 notitle, \
     "cost.dat" index 6 using ($6*1.0456):1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 7 using ($6*1.0644):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#777777" lw 1 notitle, \
     "cost.dat" index 7 using ($6*1.0644):1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle
unset ylabel
set lmargin at screen 3.950/width
set rmargin at screen 6.800/width
set tmargin at screen 1 - 2.350/height
set bmargin at screen 1 - 4.000/height
set xlabel "offline communication of ReLUs, MB" offset 0,0.4
plot "cost.dat" index 0 using ($7*0.9395):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#005a9c" lw 1 notitle, \
     "cost.dat" index 0 using ($7*0.9395):1 with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 1 using ($7*0.9564):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#d55e00" lw 1 notitle, \
     "cost.dat" index 1 using ($7*0.9564):1 with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 2 using ($7*0.9736):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#009e73" lw 1 notitle, \
     "cost.dat" index 2 using ($7*0.9736):1 with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 3 using ($7*0.9911):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#cc79a7" lw 1 notitle, \
     "cost.dat" index 3 using ($7*0.9911):1 with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 4 using ($7*1.0090):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#56b4e9" lw 1 notitle, \
     "cost.dat" index 4 using ($7*1.0090):1 with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 5 using ($7*1.0271):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#e69f00" lw 1 notitle, \
     "cost.dat" index 5 using ($7*1.0271):1 with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 6 using ($7*1.0456):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#000000" lw 1 notitle, \
     "cost.dat" index 6 using ($7*1.0456):1 with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point notitle, \
     "cost.dat" index 7 using ($7*1.0644):($1-$8):(0):(2*$8) with vectors nohead lc rgb "#777777" lw 1 notitle, \
     "cost.dat" index 7 using ($7*1.0644):1 with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point notitle
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
set bmargin at screen 1 - 4.880/height
set key noenhanced Left reverse samplen 2 font ",12" at graph 0.5, graph 0.5 center center horizontal maxcols 5 maxrows 2
plot NaN with points lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point title "SNL", \
     NaN with points lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point title "ReLUPruner", \
     NaN with points lc rgb "#009e73" pt 9 lw 1 ps 0.55*point title "DeepReDuce", \
     NaN with points lc rgb "#cc79a7" pt 11 lw 1 ps 0.55*point title "coordinate descent", \
     NaN with points lc rgb "#56b4e9" pt 13 lw 1 ps 0.55*point title "SENet pre from teacher", \
     NaN with points lc rgb "#e69f00" pt 2 lw 1 ps 0.55*point title "SENet", \
     NaN with points lc rgb "#000000" pt 3 lw 1 ps 0.55*point title "SNIP", \
     NaN with points lc rgb "#777777" pt 1 lw 1 ps 0.55*point title "activation"
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
