# gnuplot -e "format='svg'" sensitivity.gp, or pdf, or png
if (!exists("format")) format = "svg"
width = 7.000
height = 8.246
point = 1
if (format eq "svg") { set terminal svg size 1008,1187 font "DejaVu Sans,14" linewidth 1.6 }
if (format eq "png") { set terminal pngcairo size 2016,2375 font "DejaVu Sans,14" fontscale 1.5 linewidth 3.2 pointscale 3.2 }
if (format eq "pdf") { set terminal pdfcairo size 7.000in,8.246in font "DejaVu Sans,14" fontscale 0.375 linewidth 1.6 pointscale 1 }
set output "sensitivity" . "." . format
set encoding utf8
set multiplot
set label 1 "Seed 1; the authors' budgets are of Tiny-ImageNet at width 64." at screen 0.05/width, screen 1 - 7.938/height left noenhanced font ",11" textcolor rgb "#555555"
set label 2 "[1] CIFAR-10, resnet18 width=8; 7,600 of 50,000 training images; schedules not the paper's." at screen 0.05/width, screen 1 - 8.048/height left noenhanced font ",11" textcolor rgb "#555555"
set label 3 "[2] CIFAR-10, resnet18 width=16; 7,600 of 50,000 training images; schedules not the paper's." at screen 0.05/width, screen 1 - 8.158/height left noenhanced font ",11" textcolor rgb "#555555"
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
set lmargin at screen 0.450/width
set rmargin at screen 6.900/width
set tmargin at screen 1 - 0.250/height
set bmargin at screen 1 - 1.250/height
set label 1 "resnet18 width=8, density 0.1 [1]" at graph 0, graph 1 left offset 0,0.7 noenhanced font ",13"
set ylabel "sensitivity" offset 1.5
set yrange [0:1.05]
set ytics 0.5
set xrange [0.5:17.5]
unset key
plot "sensitivity.dat" index 0 using 1:4:xtic("") with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 0 using 1:3:xtic("") with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 0 using 1:5:xtic("") with lines lc rgb "#005a9c" dt 3 lw 1 title "", \
     "sensitivity.dat" index 0 using 1:6:xtic("") with linespoints lc rgb "#000000" pt 3 lw 1 ps 0.55*point dt 2 title ""
unset label 1
set ytics autofreq
set xtics nomirror rotate by 40 right noenhanced font ",10"
set lmargin at screen 0.450/width
set rmargin at screen 6.900/width
set tmargin at screen 1 - 1.550/height
set bmargin at screen 1 - 2.550/height
set label 1 "resnet18 width=8, density 0.05 [1]" at graph 0, graph 1 left offset 0,0.7 noenhanced font ",13"
set ylabel "sensitivity" offset 1.5
set yrange [0:1.05]
set ytics 0.5
set xrange [0.5:17.5]
unset key
plot "sensitivity.dat" index 1 using 1:4:xtic("") with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 1 using 1:3:xtic("") with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 1 using 1:5:xtic("") with lines lc rgb "#005a9c" dt 3 lw 1 title "", \
     "sensitivity.dat" index 1 using 1:6:xtic("") with linespoints lc rgb "#000000" pt 3 lw 1 ps 0.55*point dt 2 title ""
unset label 1
set ytics autofreq
set xtics nomirror rotate by 40 right noenhanced font ",10"
set lmargin at screen 0.450/width
set rmargin at screen 6.900/width
set tmargin at screen 1 - 2.850/height
set bmargin at screen 1 - 3.850/height
set label 1 "resnet18 width=8, density 0.2 [1]" at graph 0, graph 1 left offset 0,0.7 noenhanced font ",13"
set ylabel "sensitivity" offset 1.5
set yrange [0:1.05]
set ytics 0.5
set xrange [0.5:17.5]
unset key
plot "sensitivity.dat" index 2 using 1:4:xtic("") with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 2 using 1:3:xtic("") with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 2 using 1:5:xtic("") with lines lc rgb "#005a9c" dt 3 lw 1 title "", \
     "sensitivity.dat" index 2 using 1:6:xtic("") with linespoints lc rgb "#000000" pt 3 lw 1 ps 0.55*point dt 2 title ""
unset label 1
set ytics autofreq
set xtics nomirror rotate by 40 right noenhanced font ",10"
set lmargin at screen 0.450/width
set rmargin at screen 6.900/width
set tmargin at screen 1 - 4.150/height
set bmargin at screen 1 - 5.150/height
set label 1 "resnet18 width=16, density 0.1 [2]" at graph 0, graph 1 left offset 0,0.7 noenhanced font ",13"
set ylabel "sensitivity" offset 1.5
set yrange [0:1.05]
set ytics 0.5
set xrange [0.5:17.5]
unset key
plot "sensitivity.dat" index 3 using 1:4:xtic(2) with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 3 using 1:3:xtic(2) with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "", \
     "sensitivity.dat" index 3 using 1:5:xtic(2) with lines lc rgb "#005a9c" dt 3 lw 1 title "", \
     "sensitivity.dat" index 3 using 1:6:xtic(2) with linespoints lc rgb "#000000" pt 3 lw 1 ps 0.55*point dt 2 title ""
unset label 1
set ytics autofreq
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
set tmargin at screen 1 - 5.750/height
set bmargin at screen 1 - 6.030/height
set key noenhanced Left reverse samplen 2 font ",12" at graph 0.5, graph 0.5 center center horizontal maxcols 2 maxrows 2
plot NaN with linespoints lc rgb "#005a9c" pt 7 lw 1 ps 0.55*point dt 1 title "ReLU sensitivity", \
     NaN with linespoints lc rgb "#d55e00" pt 5 lw 1 ps 0.55*point dt 1 title "pruning sensitivity", \
     NaN with lines lc rgb "#005a9c" dt 3 lw 1 title "ReLU sensitivity over its largest", \
     NaN with linespoints lc rgb "#000000" pt 3 lw 1 ps 0.55*point dt 2 title "the authors' budgets over the largest"
set xrange [*:*]
set yrange [*:*]
set border 3 lw 0.7
set tics out scale 0.5 font ",12"
set xtics nomirror
set ytics nomirror
set grid ytics lt 1 lw 0.5 lc rgb "#e4e4e4"
unset key
set lmargin at screen 0.450/width
set rmargin at screen 3.400/width
set tmargin at screen 1 - 6.500/height
set bmargin at screen 1 - 7.500/height
set label 1 "DeepReDuce's criticality of each stage [1]" at graph 0, graph 1 left offset 0,0.7 noenhanced font ",13"
set ylabel "criticality" offset 1.5
set yrange [0:*]
set xtics norotate center font ",12"
unset key
set xrange [0.5:4.5]
set boxwidth 0.4
set style fill solid 0.6
plot "sensitivity.dat" index 4 using 1:3:xtic(2) with boxes lc rgb "#005a9c" title ""
unset label 1
unset multiplot
unset output
